// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace capillaryx::cli {

/// The name that `word` is most likely a slip of: few letters are different, missing, too many or swapped, or it is the
/// beginning of one name alone. Empty if none is near.
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

/// "; did you mean --every?" for the first of `arguments` that is no option of `command`; empty if no option is near.
std::string option_suggestion(const CLI::App& command, const std::vector<std::string>& arguments);

}  // namespace capillaryx::cli
