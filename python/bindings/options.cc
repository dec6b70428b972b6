// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/options.h"

#include <nanobind/stl/string.h>

#include <optional>
#include <type_traits>

#include "bindings.h"
#include "options/options_json.h"

namespace capillaryx::python {
namespace {

nb::object python_value(bool value) { return nb::bool_(value); }
nb::object python_value(std::int64_t value) { return nb::int_(value); }
nb::object python_value(double value) { return nb::float_(value); }
nb::object python_value(const std::string& value) { return nb::str(value.c_str()); }
nb::object python_value(const std::optional<double>& value) {
  return value ? nb::object(nb::float_(*value)) : nb::none();
}
template <class Enum, class = std::enable_if_t<std::is_enum_v<Enum>>>
nb::object python_value(Enum value) {
  return nb::str(to_string(value));
}

template <class Field>
const char* type_name() {
  if constexpr (std::is_same_v<Field, bool>) return "bool";
  if constexpr (std::is_same_v<Field, std::int64_t>) return "int";
  if constexpr (std::is_same_v<Field, double>) return "float";
  if constexpr (std::is_same_v<Field, std::optional<double>>) return "float | None";
  return "str";
}

/// The names of an enum, in order; empty for any other field.
template <class Field>
nb::list choices() {
  nb::list names;
  if constexpr (std::is_enum_v<Field>) {
    for (int i = 0; i < 16; ++i) {
      const std::string name = to_string(static_cast<Field>(i));
      if (name.empty()) break;
      names.append(name);
    }
  }
  return names;
}

/// Every field with what is known of it, in order: what capillaryx/options.py is made of.
nb::list option_fields() {
  nb::list fields;
  const Options defaults;
  visit_fields(defaults, [&](const FieldInfo& info, const auto& field) {
    using Field = std::decay_t<decltype(field)>;
    nb::dict row;
    row["name"] = std::string(info.name);
    row["type"] = type_name<Field>();
    row["choices"] = choices<Field>();
    row["default"] = python_value(field);
    row["help"] = std::string(info.help);
    row["changes_results"] = info.changes_results;
    fields.append(row);
  });
  return fields;
}

}  // namespace

Options options_of(const std::string& json) { return options_from_json_text(json); }

void add_options(nb::module_& module) {
  module.def("option_fields", &option_fields, nb::sig("def option_fields() -> list[dict[str, typing.Any]]"));
  module.def(
      "check_options", [](const std::string& json) { return options_to_json(options_of(json)).dump(); },
      nb::arg("options_json"), "The whole options of the given ones, as JSON; raises where one is wrong.");
}

}  // namespace capillaryx::python
