// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/commands.h"

namespace capillaryx::cli {

/// `capillaryx model crops`: what the network is given, with the answers, as arrays for training.
void add_model_crops(CLI::App& model_command, Action& action);

}  // namespace capillaryx::cli
