// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <type_traits>

#include "capillaryx/options.h"
#include "cli/commands.h"
#include "cli/option_flags.h"

namespace capillaryx::cli {
namespace {

constexpr double kNoMaximum = 1e9;  // from here on a maximum only stops nonsense

std::string default_text(bool value) { return value ? "true" : "false"; }
std::string default_text(std::int64_t value) { return fmt::format("{}", value); }
std::string default_text(double value) { return fmt::format("{}", value); }
std::string default_text(const std::string& value) { return value.empty() ? "-" : value; }
std::string default_text(const std::optional<double>& value) { return value ? default_text(*value) : "-"; }
template <class Enum, class = std::enable_if_t<std::is_enum_v<Enum>>>
std::string default_text(Enum value) {
  return to_string(value);
}

std::string range_text(const FieldInfo& info) {
  if (info.max == 0) return "";
  if (info.max >= kNoMaximum) return fmt::format("{} or more", info.min);
  return fmt::format("{} to {}", info.min, info.max);
}

/// docs/options.md.
std::string options_table() {
  std::string text =
      "# Options\n\n"
      "Made by `make docs` from the one list in `include/capillaryx/options.h`. The same names stand in C++, in JSON "
      "and "
      "in the run line of\n"
      "`results.jsonl`; that line holds those that can change results.\n\n"
      "| Flag of `analyze` | Name | Default | Range | Changes results | What it does |\n"
      "|---|---|---|---|---|---|\n";
  const Options options;
  visit_fields(options, [&](const FieldInfo& info, const auto& field) {
    bool on = false;
    if constexpr (std::is_same_v<std::decay_t<decltype(field)>, bool>) on = field;
    text += fmt::format("| `{}` | `{}` | {} | {} | {} | {}{} |\n", flag_name(info, on), info.name, default_text(field),
                        range_text(info), info.changes_results ? "yes" : "no", on ? "do not " : "", info.help);
  });
  return text;
}

}  // namespace

void add_options_table(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("options-table", "prints docs/options.md");
  command->group("");  // not listed
  command->callback([&action] {
    action = [] {
      fmt::print("{}", options_table());
      return kAllAnalysed;
    };
  });
}

}  // namespace capillaryx::cli
