// SPDX-License-Identifier: Apache-2.0
#include "cli/option_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <type_traits>

#include "capillaryx/error.h"
#include "cli/terminal.h"

namespace capillaryx::cli {
namespace {

constexpr double kNoMaximum = 1e9;  // a maximum from here on is there to stop nonsense, not worth telling

const char* group_title(std::string_view group) {
  if (group == "what") return "What is analysed";
  if (group == "how") return "How";
  if (group == "limits") return "Limits";
  if (group == "output") return "Output";
  if (group == "study") return "Study (docs/statistics.md)";
  return "The algorithm (docs/analysis.md says where each value comes from)";
}

/// What stands behind the flag in the help.
std::string value_name(const FieldInfo& info, const std::string& fallback) {
  static const std::map<std::string_view, const char*> kNames{
      {"scale_um_per_px", "S"}, {"model", "FILE"},        {"analyzer", "NAME"},     {"ray_address", "ADDRESS"},
      {"timeout_s", "T"},       {"memory_limit_mb", "M"}, {"max_wait_ms", "MS"},    {"pace_fps", "FPS"},
      {"status_file", "FILE"},  {"levels", "COLUMN,..."}, {"compare", "COLUMN,..."}};
  const auto found = kNames.find(info.name);
  return found == kNames.end() ? fallback : found->second;
}

[[noreturn]] void refuse(const std::string& flag, const std::string& wanted, const std::string& given) {
  throw Error(ErrorKind::kUsage, fmt::format("{} takes {}, not '{}'", flag, wanted, printable(given)));
}

template <class Number>
Number number(const std::string& flag, const FieldInfo& info, const char* kind, const std::string& given) {
  const std::string wanted = info.max >= kNoMaximum ? fmt::format("{} of {} or more", kind, info.min)
                                                    : fmt::format("{} from {} to {}", kind, info.min, info.max);
  Number value{};
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  const auto as_double = static_cast<double>(value);
  if (error != std::errc{} || end != given.data() + given.size() || !std::isfinite(as_double) || as_double < info.min ||
      as_double > info.max) {
    refuse(flag, wanted, given);
  }
  return value;
}

void set(const std::string& flag, const FieldInfo& info, const std::string& given, std::int64_t& field) {
  field = number<std::int64_t>(flag, info, "a whole number", given);
}
void set(const std::string& flag, const FieldInfo& info, const std::string& given, double& field) {
  field = number<double>(flag, info, "a number", given);
}
void set(const std::string& flag, const FieldInfo& info, const std::string& given, std::optional<double>& field) {
  field = number<double>(flag, info, "a number", given);
}
void set(const std::string& /*flag*/, const FieldInfo& /*info*/, const std::string& given, std::string& field) {
  field = given;
}
template <class Enum, class = std::enable_if_t<std::is_enum_v<Enum>>>
void set(const std::string& flag, const FieldInfo& info, const std::string& given, Enum& field) {
  if (from_string(given, field)) return;
  // The help line lists the names, with a word before or after them.
  std::string names(info.help.substr(0, info.help.find(" (")));
  if (const auto colon = names.find(": "); colon != std::string::npos) names.erase(0, colon + 2);
  refuse(flag, names, given);
}

/// Default of a number, for the help text where the text itself does not say.
std::string default_text(std::int64_t value) { return fmt::format("{}", value); }
std::string default_text(double value) { return fmt::format("{}", value); }
std::string default_text(const std::string& value) { return value; }
std::string default_text(const std::optional<double>&) { return ""; }
template <class Enum, class = std::enable_if_t<std::is_enum_v<Enum>>>
std::string default_text(Enum value) {
  return to_string(value);
}

}  // namespace

std::string flag_name(const FieldInfo& info, bool on_by_default) {
  if (info.name == "pace_fps") return "--pace";
  std::string flag = on_by_default ? "--no-" : "--";
  flag += info.name;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

void add_option_flags(CLI::App& command, Options& options, const std::function<bool(const FieldInfo&)>& wanted) {
  visit_fields(options, [&](const FieldInfo& info, auto& field) {
    if (wanted && !wanted(info)) return;
    using Field = std::decay_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, bool>) {
      const bool on = field;
      const std::string help = (on ? "do not " : "") + std::string(info.help);
      command
          .add_flag_callback(
              flag_name(info, on), [&field, on] { field = !on; }, help)
          ->group(group_title(info.group));
    } else {
      const std::string flag = flag_name(info, false);
      std::string help(info.help);
      const std::string usual = default_text(field);
      if (help.find('(') == std::string::npos && !usual.empty()) help += " (default " + usual + ")";
      command
          .add_option_function<std::string>(
              flag, [flag, info, &field](const std::string& given) { set(flag, info, given, field); }, help)
          ->type_name(value_name(info, std::is_arithmetic_v<Field> ? "N" : "NAME"))
          ->group(group_title(info.group));
    }
  });
}

}  // namespace capillaryx::cli
