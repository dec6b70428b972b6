// SPDX-License-Identifier: Apache-2.0
#include "study/table.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "sink/csv_file.h"
#include "sink/json_text.h"

namespace capillaryx {

Cell cell(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return {};
  return *value == 0 ? 0.0 : *value;
}

Cell cell(std::int64_t value) { return static_cast<double>(value); }

Cell cell(std::string text) {
  if (text.empty()) return {};
  return text;
}

Cell rounded_cell(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return {};
  return cell(std::optional<double>(std::strtod(fmt::format("{:.10g}", *value).c_str(), nullptr)));
}

std::string csv_text(const Table& table) {
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (i > 0) out += ',';
    append_text_cell(out, table.columns[i]);
  }
  out += "\r\n";
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += ',';
      if (const auto* number = std::get_if<double>(&row[i])) append_json_number(out, *number);
      if (const auto* text = std::get_if<std::string>(&row[i])) append_text_cell(out, *text);
    }
    out += "\r\n";
  }
  return out;
}

nlohmann::ordered_json to_json(const Table& table) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& row : table.rows) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (const auto* number = std::get_if<double>(&row[i])) object[table.columns[i]] = *number;
      if (const auto* text = std::get_if<std::string>(&row[i])) object[table.columns[i]] = clean_utf8(*text);
    }
    out.push_back(std::move(object));
  }
  return out;
}

}  // namespace capillaryx
