// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

namespace capillaryx::cli {

void add_evaluate(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("evaluate", "not built yet");
  command->callback([&action] { action = [] { return kRunEnded; }; });
}

}  // namespace capillaryx::cli
