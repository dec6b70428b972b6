// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace capillaryx {

/// A cell: unknown, a number or text.
using Cell = std::variant<std::monostate, double, std::string>;

/// A table that becomes CSV, a sheet of a workbook, or JSON, with the same values in each.
struct Table {
  std::string name;
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;
};

/// An unknown cell for what is absent or empty.
Cell cell(const std::optional<double>& value);
Cell cell(std::int64_t value);
Cell cell(std::string text);
/// As the first, with ten significant digits: more of an estimate would be the C library's rounding.
Cell rounded_cell(const std::optional<double>& value);

/// RFC 4180 with CRLF; what is unknown is empty; text that a spreadsheet would take for a formula gets an apostrophe.
std::string csv_text(const Table& table);

/// An array of one object per row; unknown cells are left out.
nlohmann::ordered_json to_json(const Table& table);

/// The bytes of a workbook (.xlsx, Office Open XML) with a sheet per table. The same tables give the same bytes.
std::string workbook(const std::vector<Table>& tables);

}  // namespace capillaryx
