// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "capillaryx/options.h"

namespace capillaryx {

/// The command that starts a worker process: as the options have it, or the capillaryx program, which is this program,
/// or stands beside the library (a build, a wheel) or in bin beside its folder (an installation).
/// Throws Error (kUsage) where the option is none, Error (kExecutor) where no program is found.
std::vector<std::string> worker_command(const Options& options);

}  // namespace capillaryx
