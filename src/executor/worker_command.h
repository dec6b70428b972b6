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

/// What starts the workers of "python:" analyzers where the options do not say: set by the Python package, whose
/// interpreter they need. Throws Error (kExecutor, in worker_command) where it was never set. Threads: any.
void set_python_worker_command(std::vector<std::string> command);

}  // namespace capillaryx
