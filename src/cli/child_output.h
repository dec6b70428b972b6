// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace capillaryx::cli {

/// Runs a program to its end and gives what it printed on standard output; its errors go to ours. Throws Error
/// (kExecutor) where it cannot be started or does not exit with 0.
std::string output_of(const std::vector<std::string>& command);

}  // namespace capillaryx::cli
