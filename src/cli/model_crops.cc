// SPDX-License-Identifier: Apache-2.0
#include "cli/model_crops.h"

namespace capillaryx::cli {

void add_model_crops(CLI::App&, Action&) {}

}  // namespace capillaryx::cli
