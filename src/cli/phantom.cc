// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

namespace capillaryx::cli {

void add_phantom(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("phantom", "not built yet");
  command->callback([&action] { action = [] { return kRunEnded; }; });
}

}  // namespace capillaryx::cli
