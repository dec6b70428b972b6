// SPDX-License-Identifier: Apache-2.0
#include "study/study_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "capillaryx/error.h"
#include "study/sheet.h"

namespace capillaryx {
namespace {

constexpr std::array<const char*, 6> kOtherColumns{"file", "scale_um_per_px", "roi", "mask", "exclude", "note"};

bool is_one_of(std::string_view text, std::initializer_list<const char*> words) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return lower == word; });
}

template <class Number>
std::optional<Number> whole_text(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A decimal number; a comma is a decimal comma.
std::optional<double> decimal(std::string text) {
  if (std::count(text.begin(), text.end(), ',') == 1 && text.find('.') == std::string::npos) {
    std::replace(text.begin(), text.end(), ',', '.');
  }
  return whole_text<double>(text);
}

std::optional<std::array<int, 4>> rectangle(std::string text) {
  for (char& c : text) {
    if (c == ',' || c == ';') c = ' ';
  }
  std::array<int, 4> values{};
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) {
      const auto value = whole_text<int>(std::string_view(text).substr(at, end - at));
      if (!value || *value < 0 || count == values.size()) return std::nullopt;
      values[count++] = *value;
    }
    at = end + 1;
  }
  if (count != values.size() || values[2] == 0 || values[3] == 0) return std::nullopt;
  return values;
}

class RowReader {
 public:
  RowReader(const Sheet& sheet, const std::string& name, std::size_t row) : sheet_(sheet), name_(name), row_(row) {}

  StudyRow read(const std::vector<std::string>& label_columns) {
    StudyRow out;
    out.number = sheet_.numbers[row_];
    out.file = text("file");
    while (out.file.starts_with("./")) out.file.erase(0, 2);
    if (out.file.empty()) fail("file", "the row names no file");
    for (const std::string& column : label_columns) {
      std::string label = text(column);
      if (label.find_first_of("\r\n") != std::string::npos) fail(column, "a label of several lines");
      const std::string damage = find_spreadsheet_damage(label, out.file);
      if (!damage.empty()) fail(column, damage);
      out.labels[column] = std::move(label);
    }
    if (const std::string scale = text("scale_um_per_px"); !scale.empty()) {
      out.scale_um_per_px = decimal(scale);
      if (!out.scale_um_per_px || !std::isfinite(*out.scale_um_per_px) || *out.scale_um_per_px < 1e-6 ||
          *out.scale_um_per_px > 1e6) {
        fail("scale_um_per_px", "a number of micrometres per pixel from 1e-6 to 1e6 is needed, not '" + scale + "'");
      }
    }
    if (const std::string roi = text("roi"); !roi.empty()) {
      out.roi = rectangle(roi);
      if (!out.roi) fail("roi", "four whole numbers are needed, 'x y width height' in pixels, not '" + roi + "'");
    }
    out.mask = text("mask");
    out.exclude = text("exclude");
    if (is_one_of(out.exclude, {"0", "no", "n", "false", "nein", "non", "falsch", "faux"})) out.exclude.clear();
    if (is_one_of(out.exclude, {"1", "yes", "y", "x", "true", "ja", "oui", "wahr", "vrai"})) {
      out.exclude = "excluded in the study file";
    }
    out.note = text("note");
    return out;
  }

  [[noreturn]] void fail(const std::string& column, const std::string& what) const {
    throw Error(ErrorKind::kInput, name_ + ", " + cell_place(sheet_, row_, place(column)) + ": " + what);
  }

 private:
  std::size_t place(const std::string& column) const {
    return static_cast<std::size_t>(std::find(sheet_.columns.begin(), sheet_.columns.end(), column) -
                                    sheet_.columns.begin());
  }
  std::string text(const std::string& column) const {
    const std::size_t at = place(column);
    return at < sheet_.columns.size() ? sheet_.rows[row_][at] : std::string();
  }

  const Sheet& sheet_;
  const std::string& name_;
  std::size_t row_;
};

std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  return {text, end};
}

}  // namespace

const StudyRow* Study::find(std::string_view file) const {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const StudyRow& row) { return row.file == file; });
  return found == rows.end() ? nullptr : &*found;
}

Study parse_study(std::string_view bytes, const std::string& name) {
  const Sheet sheet = read_sheet(bytes, name);
  if (std::find(sheet.columns.begin(), sheet.columns.end(), "file") == sheet.columns.end()) {
    throw Error(ErrorKind::kInput,
                name + ", row 1: there is no column 'file'; capillaryx study init FOLDER writes one");
  }
  Study study;
  for (const std::string& column : sheet.columns) {
    if (std::find(kOtherColumns.begin(), kOtherColumns.end(), column) == kOtherColumns.end()) {
      study.label_columns.push_back(column);
    }
  }
  std::map<std::string, std::size_t> seen;
  for (std::size_t row = 0; row < sheet.rows.size(); ++row) {
    RowReader reader(sheet, name, row);
    study.rows.push_back(reader.read(study.label_columns));
    const auto [first, is_new] = seen.emplace(study.rows.back().file, sheet.numbers[row]);
    if (!is_new) reader.fail("file", "the same file as in row " + std::to_string(first->second));
  }
  if (study.rows.empty()) throw Error(ErrorKind::kInput, name + " names no file");
  return study;
}

std::string study_text(const Study& study) {
  std::vector<std::string> columns{"file"};
  columns.insert(columns.end(), study.label_columns.begin(), study.label_columns.end());
  for (const char* column : {"scale_um_per_px", "roi", "mask", "exclude", "note"}) columns.emplace_back(column);
  std::string out = "\xEF\xBB\xBF";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += ',';
    append_protected_cell(out, columns[i]);
  }
  out += "\r\n";
  for (const StudyRow& row : study.rows) {
    const bool like_formula = std::string_view("=+-@").find(row.file[0]) != std::string_view::npos;
    append_protected_cell(out, like_formula ? "./" + row.file : row.file);
    const auto add = [&](std::string_view text) {
      out += ',';
      append_protected_cell(out, text);
    };
    for (const std::string& column : study.label_columns) {
      const auto label = row.labels.find(column);
      add(label == row.labels.end() ? std::string() : label->second);
    }
    out += ',';
    if (row.scale_um_per_px) out += number_text(*row.scale_um_per_px);
    std::string roi;
    if (row.roi) {
      for (const int value : *row.roi) roi += (roi.empty() ? "" : " ") + std::to_string(value);
    }
    add(roi);
    add(row.mask);
    add(row.exclude);
    add(row.note);
    out += "\r\n";
  }
  return out;
}

Study guess_study(const std::vector<std::string>& files) {
  Study study;
  study.label_columns.assign(kLabelColumns.begin(), kLabelColumns.end());
  for (const std::string& file : files) {
    StudyRow row;
    row.file = file;
    for (const char* column : kLabelColumns) row.labels[column];
    const auto folder_before = [&](std::size_t end) -> std::pair<std::size_t, std::size_t> {
      if (end == 0 || end == std::string::npos) return {0, 0};
      const std::size_t slash = file.rfind('/', end - 1);
      return {slash == std::string::npos ? 0 : slash + 1, end};
    };
    const auto visit = folder_before(file.rfind('/'));
    if (visit.second > visit.first) {
      const auto subject =
          visit.first == 0 ? std::pair<std::size_t, std::size_t>{0, 0} : folder_before(visit.first - 1);
      const std::string last = file.substr(visit.first, visit.second - visit.first);
      // One folder alone holds a subject: a visit is nothing without one.
      row.labels["subject"] =
          subject.second > subject.first ? file.substr(subject.first, subject.second - subject.first) : last;
      if (subject.second > subject.first) row.labels["visit"] = last;
    }
    study.rows.push_back(std::move(row));
  }
  return study;
}

}  // namespace capillaryx
