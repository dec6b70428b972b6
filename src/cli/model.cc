// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

namespace capillaryx::cli {

void add_model(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("model", "not built yet");
  command->callback([&action] { action = [] { return kRunEnded; }; });
}

}  // namespace capillaryx::cli
