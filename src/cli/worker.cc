// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "capillaryx/analyzer.h"
#include "cli/commands.h"
#include "executor/process_worker.h"
#include "os/process.h"

namespace capillaryx::cli {

int be_worker() {
  MessageSocket socket{Descriptor(Process::kHandedDescriptor)};
  if (!socket.is_one()) {
    std::fputs("capillaryx: 'worker' is started by the program itself: use 'capillaryx analyze'\n", stderr);
    return kWrongUsage;
  }
  const int code = run_worker(std::move(socket), make_analyzer);
#if defined(__SANITIZE_ADDRESS__)
  return code;
#else
  // Nothing is left to be written, and taking a network library down takes longer than a frame.
  std::_Exit(code);
#endif
}

}  // namespace capillaryx::cli
