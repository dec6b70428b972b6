// SPDX-License-Identifier: Apache-2.0
#include "study/sheet.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <optional>

#include "capillaryx/error.h"
#include "sink/json_text.h"

namespace capillaryx {
namespace {

constexpr std::size_t kMostBytes = 64 << 20;
constexpr std::size_t kMostColumns = 1000;

// What 0x80 to 0x9F are in Windows-1252; 0 for the five that are nothing.
constexpr std::array<std::uint16_t, 32> kWindows1252{0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                     0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                                     0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                     0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | code >> 6U);
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xE0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

std::string column_letters(std::size_t column) {
  std::string letters;
  for (std::size_t left = column + 1; left > 0; left = (left - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('A' + (left - 1) % 26));
  }
  return letters;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The text within ="...", where a cell is written so.
std::string unprotected(std::string_view cell) {
  if (cell.size() < 3 || !cell.starts_with("=\"") || !cell.ends_with('"')) return std::string(cell);
  std::string text;
  const std::string_view inner = cell.substr(2, cell.size() - 3);
  for (std::size_t i = 0; i < inner.size(); ++i) {
    text += inner[i];
    if (inner[i] == '"' && i + 1 < inner.size() && inner[i + 1] == '"') ++i;
  }
  return text;
}

class Parser {
 public:
  Parser(std::string_view text, char separator, const std::string& name)
      : text_(text), separator_(separator), name_(name) {}

  /// The cells of the next row, or nothing at the end.
  std::optional<std::vector<std::string>> next() {
    if (at_ >= text_.size()) return std::nullopt;
    ++number_;
    std::vector<std::string> cells;
    for (;;) {
      if (cells.size() >= kMostColumns) fail(cells.size(), "the row has more than 1000 cells");
      cells.push_back(unprotected(trimmed(cell(cells.size()))));
      if (at_ >= text_.size()) return cells;
      const char end = text_[at_++];
      if (end == separator_) continue;
      if (end == '\r' && at_ < text_.size() && text_[at_] == '\n') ++at_;
      return cells;
    }
  }

  std::size_t number() const { return number_; }

  [[noreturn]] void fail(std::size_t column, const std::string& what) const {
    throw Error(ErrorKind::kInput,
                name_ + ", row " + std::to_string(number_) + ", column " + column_letters(column) + ": " + what);
  }

 private:
  bool ends_cell(char c) const { return c == separator_ || c == '\r' || c == '\n'; }

  std::string cell(std::size_t column) {
    std::string out;
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_;; ++at_) {
        if (at_ >= text_.size()) fail(column, "a quotation mark opens and none closes");
        if (text_[at_] != '"') {
          out += text_[at_];
        } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
          out += '"';
          ++at_;
        } else {
          break;
        }
      }
      ++at_;
      if (at_ < text_.size() && !ends_cell(text_[at_])) fail(column, "text after a closing quotation mark");
      return out;
    }
    while (at_ < text_.size() && !ends_cell(text_[at_])) out += text_[at_++];
    return out;
  }

  std::string_view text_;
  char separator_;
  const std::string& name_;
  std::size_t at_ = 0;
  std::size_t number_ = 0;
};

/// The text of the file: UTF-8 as it is, else Windows-1252.
std::string decoded(std::string_view bytes, const std::string& name) {
  if (bytes.size() > kMostBytes) throw Error(ErrorKind::kInput, name + " is larger than 64 MB: it is no study file");
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    throw Error(ErrorKind::kInput, name + " is UTF-16 text: save it as 'CSV UTF-8'");
  }
  if (bytes.starts_with("PK\x03\x04")) {
    throw Error(ErrorKind::kInput, name + " is a workbook (.xlsx): save it as 'CSV UTF-8'");
  }
  if (bytes.find('\0') != std::string_view::npos) {
    throw Error(ErrorKind::kInput, name + " is no text: it holds a zero byte");
  }
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  std::string text;
  if (clean_utf8(bytes) == bytes) {
    text = bytes;
  } else if (!windows_1252_to_utf8(bytes, text)) {
    std::size_t line = 1;
    for (const char c : bytes) {
      std::string ignored;
      if (!windows_1252_to_utf8({&c, 1}, ignored)) break;
      if (c == '\n') ++line;
    }
    throw Error(ErrorKind::kInput, name + ", row " + std::to_string(line) +
                                       ": a byte that is neither UTF-8 nor Windows-1252: save it as 'CSV UTF-8'");
  }
  return text;
}

/// The separator that stands most often in the first line, outside of quotes.
char find_separator(std::string_view text) {
  std::array<std::size_t, 3> counts{};
  constexpr std::string_view kSeparators = ",;\t";
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') break;
    if (const auto place = kSeparators.find(c); place != std::string_view::npos) ++counts[place];
  }
  return kSeparators[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin())];
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a spreadsheet may show or save a cell as something else than its text.
bool is_at_risk(std::string_view text) {
  if (text.empty()) return false;
  if (trimmed(text) != text) return true;
  if (std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) return true;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* word : {"true", "false", "wahr", "falsch", "vrai", "faux"}) {
    if (lower == word) return true;
  }
  const bool plain_number = std::all_of(text.begin(), text.end(), is_digit);
  if (plain_number) return text.size() > 15 || (text.size() > 1 && text[0] == '0');
  // Numbers with signs, points or exponents, dates, times, months: digits with separators and at most one word.
  if (std::none_of(text.begin(), text.end(), is_digit)) return false;
  std::size_t letters = 0;
  for (const char c : text) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      ++letters;
    } else if (!is_digit(c) && std::string_view("-/.,: eE").find(c) == std::string_view::npos) {
      return false;
    }
  }
  if (letters == 0) return true;
  if (letters == 1) return lower.find('e') != std::string::npos;
  for (const char* month :
       {"jan", "feb", "mar", "apr", "may", "mai", "jun", "jul", "aug", "sep", "oct", "okt", "nov", "dec", "dez"}) {
    if (lower.find(month) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

bool windows_1252_to_utf8(std::string_view bytes, std::string& text) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const std::uint32_t code = byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80U] : byte;
    if (code == 0) return false;
    append_utf8(text, code);
  }
  return true;
}

std::string cell_place(const Sheet& sheet, std::size_t row, std::size_t column) {
  return "row " + std::to_string(sheet.numbers[row]) + ", column " + column_letters(column) + " (" +
         sheet.columns[column] + ")";
}

void append_protected_cell(std::string& row, std::string_view text) {
  std::string cell(text);
  if (is_at_risk(text)) {
    cell = "=\"";
    for (const char c : text) cell += c == '"' ? "\"\"" : std::string(1, c);
    cell += '"';
  }
  if (cell.find_first_of(",;\t\"\r\n") == std::string::npos && trimmed(cell) == cell) {
    row += cell;
    return;
  }
  row += '"';
  for (const char c : cell) {
    if (c == '"') row += '"';
    row += c;
  }
  row += '"';
}

Sheet read_sheet(std::string_view bytes, const std::string& name) {
  const std::string decoded_text = decoded(bytes, name);
  std::string_view text = decoded_text;
  Sheet sheet;
  std::size_t lines_before = 0;
  sheet.separator = find_separator(text);
  if (text.size() >= 5 && text.starts_with("sep=")) {
    sheet.separator = text[4];
    text.remove_prefix(
        std::min(text.size(), text.find('\n') == std::string_view::npos ? text.size() : text.find('\n') + 1));
    lines_before = 1;
  }
  Parser parser(text, sheet.separator, name);
  auto header = parser.next();
  if (!header) throw Error(ErrorKind::kInput, name + " is empty");
  while (!header->empty() && header->back().empty()) header->pop_back();
  sheet.columns = std::move(*header);
  for (std::size_t i = 0; i < sheet.columns.size(); ++i) {
    if (sheet.columns[i].empty()) parser.fail(i, "the column has no name");
    if (std::find(sheet.columns.begin(), sheet.columns.begin() + static_cast<std::ptrdiff_t>(i), sheet.columns[i]) !=
        sheet.columns.begin() + static_cast<std::ptrdiff_t>(i)) {
      parser.fail(i, "a second column '" + sheet.columns[i] + "'");
    }
  }
  while (auto cells = parser.next()) {
    if (std::all_of(cells->begin(), cells->end(), [](const std::string& cell) { return cell.empty(); })) continue;
    for (std::size_t i = sheet.columns.size(); i < cells->size(); ++i) {
      if (!(*cells)[i].empty()) parser.fail(i, "a cell '" + (*cells)[i] + "' beyond the last named column");
    }
    cells->resize(sheet.columns.size());
    sheet.rows.push_back(std::move(*cells));
    sheet.numbers.push_back(parser.number() + lines_before);
  }
  return sheet;
}

}  // namespace capillaryx
