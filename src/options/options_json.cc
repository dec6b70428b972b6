// SPDX-License-Identifier: Apache-2.0
#include "options/options_json.h"

#include <cmath>
#include <set>
#include <string>
#include <type_traits>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(std::string_view name, const char* wanted) {
  throw Error(ErrorKind::kUsage, "option " + std::string(name) + " must be " + wanted);
}

json to_json_value(bool value) { return value; }
json to_json_value(std::int64_t value) { return value; }
json to_json_value(double value) { return value; }
json to_json_value(const std::string& value) { return value; }
json to_json_value(const std::optional<double>& value) { return value ? json(*value) : json(nullptr); }
template <class Enum, class = std::enable_if_t<std::is_enum_v<Enum>>>
json to_json_value(Enum value) {
  return to_string(value);
}

void read(std::string_view name, const json& value, bool& field) {
  if (!value.is_boolean()) refuse(name, "true or false");
  field = value.get<bool>();
}

void read(std::string_view name, const json& value, std::int64_t& field) {
  // Numbers above the largest signed one are held unsigned: they would wrap around.
  const bool fits =
      value.is_number_unsigned() ? value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX} : value.is_number_integer();
  if (!fits) refuse(name, "a whole number");
  field = value.get<std::int64_t>();
}

void read(std::string_view name, const json& value, double& field) {
  if (!value.is_number()) refuse(name, "a number");
  field = value.get<double>();
}

void read(std::string_view name, const json& value, std::optional<double>& field) {
  field.reset();
  if (!value.is_null()) read(name, value, field.emplace());
}

void read(std::string_view name, const json& value, std::string& field) {
  if (!value.is_string()) refuse(name, "a text");
  field = value.get_ref<const std::string&>();
}

template <class Enum, class = std::enable_if_t<std::is_enum_v<Enum>>>
void read(std::string_view name, const json& value, Enum& field) {
  if (!value.is_string() || !from_string(value.get_ref<const std::string&>(), field)) {
    refuse(name, "one of the names that `capillaryx analyze --help` lists");
  }
}

}  // namespace

json options_to_json(const Options& options, OptionFields fields) {
  json object = json::object();
  visit_fields(options, [&](const FieldInfo& info, const auto& field) {
    if (fields == OptionFields::kAll || info.changes_results) object[std::string(info.name)] = to_json_value(field);
  });
  return object;
}

Options options_from_json(const json& object) {
  if (!object.is_object()) throw Error(ErrorKind::kUsage, "options must be a JSON object");
  Options options;
  std::size_t known = 0;
  visit_fields(options, [&](const FieldInfo& info, auto& field) {
    const auto value = object.find(info.name);
    if (value == object.end()) return;
    ++known;
    read(info.name, *value, field);
  });
  if (known != object.size()) {
    std::set<std::string_view> names;
    visit_fields(options, [&](const FieldInfo& info, const auto&) { names.insert(info.name); });
    for (const auto& [key, value] : object.items()) {
      if (!names.contains(key)) throw Error(ErrorKind::kUsage, "there is no option '" + key + "'");
    }
  }
  check_options(options);
  return options;
}

Options options_from_json_text(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) throw Error(ErrorKind::kUsage, "options are not valid JSON");
  return options_from_json(object);
}

}  // namespace capillaryx
