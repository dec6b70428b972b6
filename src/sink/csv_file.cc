// SPDX-License-Identifier: Apache-2.0
#include "sink/csv_file.h"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <string>

namespace capillaryx {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr const char* kColumns[] = {"index",   "source",     "status",   "error",         "width",
                                    "height",  "count",      "density",  "count_per_mm2", "scale_um_per_px",
                                    "area_px", "mean_score", "ms",       "file",          "page",
                                    "time_s",  "clip",       "valid_px", "usable",        "reasons"};

// Writes the cells of a row, one after another.
class Row {
 public:
  explicit Row(char separator) : separator_(separator) {}

  void add_text(std::string_view text) {
    begin_cell();
    append_text_cell(text_, text);
  }
  template <class Number>
  void add(bool known, Number value) {
    begin_cell();
    if (known) fmt::format_to(std::back_inserter(text_), "{}", value);
  }
  std::string end() { return text_ + "\r\n"; }

 private:
  void begin_cell() {
    if (!first_) text_ += separator_;
    first_ = false;
  }

  char separator_;
  bool first_ = true;
  std::string text_;
};

}  // namespace

void append_text_cell(std::string& row, std::string_view text) {
  constexpr std::string_view kBetweenCells = ",;\t\r\n";
  std::string cell;
  bool begins = true;
  bool guarded = false;
  for (const char c : text) {
    if (begins && std::string_view("=+-@\t\r").find(c) != std::string_view::npos) {
      cell += '\'';
      guarded = true;
    }
    if (c == '"') cell += '"';  // and whatever is behind it may still begin a cell
    if (c != '"') begins = kBetweenCells.find(c) != std::string_view::npos;
    cell += c;
  }
  if (guarded || text.find_first_of(",;\t\"\r\n") != std::string_view::npos) {
    row += '"' + cell + '"';
  } else {
    row += cell;
  }
}

CsvFile::CsvFile(const OutputFolder& folder, const ValuePlaces& values, char separator)
    : values_(values), separator_(separator), file_(folder, "results.csv") {
  Row row(separator_);
  for (const char* const name : kColumns) row.add_text(name);
  for (const auto& [name, place] : values_) row.add_text(name);
  file_.write(kByteOrderMark);
  file_.write(row.end());
}

void CsvFile::add(const FrameResult& result) {
  const bool ok = result.status == Status::kOk;
  const bool has_density = ok && result.valid_px > 0;
  std::int64_t area_px = 0;
  double score = 0;
  for (const Capillary& capillary : result.capillaries) {
    area_px += capillary.area_px;
    score += capillary.score;
  }
  const auto per_mm2 = count_per_mm2(result);
  Row row(separator_);
  row.add(true, result.index);
  row.add_text(result.source);
  row.add_text(to_string(result.status));
  row.add_text(result.error);
  row.add(result.width > 0, result.width);
  row.add(result.height > 0, result.height);
  row.add(has_density, result.capillaries.size());
  row.add(has_density, result.density);
  row.add(ok && per_mm2, per_mm2.value_or(0));
  row.add(result.scale_um_per_px.has_value(), result.scale_um_per_px.value_or(0));
  row.add(ok, area_px);
  row.add(ok && !result.capillaries.empty(), score / static_cast<double>(result.capillaries.size()));
  row.add(ok, result.timing.total_ms);
  row.add_text(result.file);
  row.add(result.page.has_value(), result.page.value_or(0));
  row.add(result.time_s.has_value(), result.time_s.value_or(0));
  row.add_text(result.clip);
  row.add(ok, result.valid_px);
  row.add(result.quality.has_value(), result.quality && result.quality->usable);
  std::string reasons;
  if (result.quality) {
    for (const std::string& reason : result.quality->reasons) reasons += (reasons.empty() ? "" : "; ") + reason;
  }
  row.add_text(reasons);
  for (const auto& [name, place] : values_) {
    const auto value = result.values.find(name);
    row.add(value != result.values.end(), value != result.values.end() ? value->second : 0);
  }
  file_.write(row.end());
}

char csv_separator(std::string_view name) { return name == "tab" ? '\t' : name == ";" ? ';' : ','; }

}  // namespace capillaryx
