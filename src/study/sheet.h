// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace capillaryx {

/// A table of text as spreadsheets save it. Hostile bytes are an Error (kInput) with row and column, never more.
struct Sheet {
  std::vector<std::string> columns;            ///< cells of the first row, UTF-8
  std::vector<std::vector<std::string>> rows;  ///< as many cells each as there are columns
  std::vector<std::size_t> numbers;            ///< of each row as a spreadsheet counts: the row after the header is 2
  char separator = ',';
};

/// Reads comma, semicolon or tab separated text: UTF-8 with or without BOM, else Windows-1252; any line end; quoted
/// cells; a first line `sep=;`; cells written `="007"`. Rows without any text are left out, empty cells beyond the
/// header too. `name` stands in the errors. Throws Error (kInput).
Sheet read_sheet(std::string_view bytes, const std::string& name);

/// "row 7, column B (subject)" as a spreadsheet names it; `column` counts from 0.
std::string cell_place(const Sheet& sheet, std::size_t row, std::size_t column);

/// Appends a cell that a spreadsheet shows, and saves, as it stands: what it would take for a number, date, truth value
/// or formula is written `="..."`.
void append_protected_cell(std::string& row, std::string_view text);

/// Text of Windows-1252 as UTF-8; a byte that means nothing there is an error and gives false.
bool windows_1252_to_utf8(std::string_view bytes, std::string& text);

}  // namespace capillaryx
