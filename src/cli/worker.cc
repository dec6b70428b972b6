// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>

#include "capillaryx/analyzer.h"
#include "cli/commands.h"
#include "executor/process_worker.h"

namespace capillaryx::cli {

int be_worker() {
  const auto code = run_worker_program(make_analyzer);
  if (!code) {
    std::fputs("capillaryx: 'worker' is started by the program itself: use 'capillaryx analyze'\n", stderr);
    return kWrongUsage;
  }
#if defined(__SANITIZE_ADDRESS__)
  return *code;
#else
  // Nothing is left to be written, and taking a network library down takes longer than a frame.
  std::_Exit(*code);
#endif
}

}  // namespace capillaryx::cli
