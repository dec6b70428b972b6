// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace capillaryx::cli {

/// "; did you mean --every?" for the first of `arguments` that is no option of `command`; empty if no option is near.
std::string option_suggestion(const CLI::App& command, const std::vector<std::string>& arguments);

}  // namespace capillaryx::cli
