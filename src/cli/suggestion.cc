// SPDX-License-Identifier: Apache-2.0
#include "cli/suggestion.h"

#include <algorithm>

#include "options/nearest_name.h"

namespace capillaryx::cli {

std::string option_suggestion(const CLI::App& command, const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    const std::string word = argument.substr(0, argument.find('='));
    if (!word.starts_with('-') || word.size() < 3) continue;
    if (std::find(names.begin(), names.end(), word) != names.end()) continue;
    const std::string dashes = word.starts_with("--") ? "" : "-";
    const std::string nearest = nearest_name(dashes + word, names);
    if (!nearest.empty()) return "; did you mean " + nearest + "?";
  }
  return "";
}

}  // namespace capillaryx::cli
