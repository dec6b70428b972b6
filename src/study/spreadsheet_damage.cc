// SPDX-License-Identifier: Apache-2.0
// What a spreadsheet makes of a label when it opens and saves a study file, found by the file's own path.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/json_text.h"
#include "study/sheet.h"
#include "study/study_file.h"

namespace capillaryx {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool all_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_digit); }

std::string_view without_zeros(std::string_view text) {
  while (text.size() > 1 && text[0] == '0') text.remove_prefix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

/// The numbers of a date-like text, months by their names in English, German and French, sorted; empty if it is none.
std::vector<int> date_numbers(std::string_view text) {
  static constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",       "sep",
                                                 "oct", "nov", "dec", "okt", "dez", "mai", "mrz", "m\xC3\xA4r"};
  static constexpr int kNumbers[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 10, 12, 5, 3, 3};
  std::vector<int> numbers;
  bool separated = false;
  for (std::size_t i = 0; i < text.size();) {
    if (is_digit(text[i])) {
      std::size_t end = i;
      while (end < text.size() && is_digit(text[end])) ++end;
      if (end - i > 4) return {};
      int number = 0;
      std::from_chars(text.data() + i, text.data() + end, number);
      numbers.push_back(number >= 1900 && number < 2100 ? number % 100 : number);
      i = end;
    } else if (std::string_view("-/. _").find(text[i]) != std::string_view::npos) {
      separated = true;
      ++i;
    } else {
      std::size_t end = i;
      while (end < text.size() && !is_digit(text[end]) &&
             std::string_view("-/. _").find(text[end]) == std::string_view::npos)
        ++end;
      const std::string word = lower(text.substr(i, end - i));
      const auto* const month =
          std::find_if(std::begin(kMonths), std::end(kMonths), [&](std::string_view name) { return word == name; });
      if (month == std::end(kMonths)) return {};
      numbers.push_back(kNumbers[month - std::begin(kMonths)]);
      separated = true;
      i = end;
    }
  }
  if (!separated || numbers.size() < 2 || numbers.size() > 3) return {};
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

/// Whether the shorter date says nothing else than the longer: Excel leaves the year out, or puts a day 1 in.
bool same_date(const std::vector<int>& a, const std::vector<int>& b) {
  const auto& few = a.size() <= b.size() ? a : b;
  const auto& many = a.size() <= b.size() ? b : a;
  return !few.empty() && std::includes(many.begin(), many.end(), few.begin(), few.end());
}

std::vector<char32_t> characters(std::string_view text) {
  std::vector<char32_t> out;
  for (std::size_t i = 0; i < text.size();) {
    char32_t code = 0;
    const std::size_t length = utf8_character(text, i, code);
    out.push_back(length == 0 ? static_cast<unsigned char>(text[i]) : code);
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

bool became_question_marks(std::string_view cell, std::string_view name) {
  const auto a = characters(cell);
  const auto b = characters(name);
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && !(a[i] == U'?' && b[i] > 0x7F)) return false;
  }
  return true;
}

std::optional<double> number(std::string text) {
  std::replace(text.begin(), text.end(), ',', '.');
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string damage_of(std::string_view cell, std::string_view name) {
  if (all_digits(cell) && all_digits(name) && without_zeros(cell) == without_zeros(name)) {
    return "leading zeros were lost";
  }
  const std::string small = lower(cell);
  if (small.find('e') != std::string::npos) {
    const auto shown = number(std::string(cell));
    const auto meant = number(std::string(name));
    if (shown && meant && std::abs(*shown - *meant) <= 1e-4 * std::abs(*meant)) return "it was turned into a number";
  }
  if (all_digits(cell) && all_digits(name) && name.size() > 15 && cell.size() == name.size() &&
      cell.substr(0, 15) == name.substr(0, 15)) {
    return "digits after the fifteenth were lost";
  }
  const std::string name_small = lower(name);
  const bool truth = small == name_small && (small == "true" || small == "false");
  if (truth || (name_small == "true" && (small == "wahr" || small == "vrai")) ||
      (name_small == "false" && (small == "falsch" || small == "faux"))) {
    return "it was turned into a truth value";
  }
  if (same_date(date_numbers(cell), date_numbers(name))) return "it was turned into a date";
  if (became_question_marks(cell, name)) return "characters became '?'";
  if (std::string misread; windows_1252_to_utf8(name, misread) && misread == cell) return "the encoding was mistaken";
  return {};
}

}  // namespace

std::string find_spreadsheet_damage(std::string_view cell, std::string_view path) {
  if (cell.empty()) return {};
  std::vector<std::string_view> names;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    names.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  if (std::find(names.begin(), names.end(), cell) != names.end()) return {};
  for (const std::string_view name : names) {
    const std::string damage = damage_of(cell, name);
    if (!damage.empty()) {
      return "'" + std::string(cell) + "' looks like the folder '" + std::string(name) +
             "' as a spreadsheet saved it (" + damage + "): write =\"" + std::string(name) +
             "\" into the cell, or rename the folder";
    }
  }
  return {};
}

}  // namespace capillaryx
