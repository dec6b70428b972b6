// SPDX-License-Identifier: Apache-2.0
#include "sink/clip_tables.h"

#include <fmt/format.h>

#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>

#include "sink/csv_file.h"

namespace capillaryx {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Cells after one another; each but the first comes behind a separator.
class Cells {
 public:
  explicit Cells(char separator) : separator_(separator) {}
  Cells& text(std::string_view text) {
    begin();
    append_text_cell(row_, text);
    return *this;
  }
  template <class Number>
  Cells& number(const Number& value) {
    begin();
    fmt::format_to(std::back_inserter(row_), "{}", value);
    return *this;
  }
  template <class Number>
  Cells& number(const std::optional<Number>& value) {
    begin();
    if (value) fmt::format_to(std::back_inserter(row_), "{}", *value);
    return *this;
  }
  std::string end() { return row_ + "\r\n"; }

 private:
  void begin() {
    if (!first_) row_ += separator_;
    first_ = false;
  }
  char separator_;
  bool first_ = true;
  std::string row_;
};

std::string head(char separator, std::initializer_list<std::string_view> names) {
  Cells row(separator);
  for (const std::string_view name : names) row.text(name);
  return std::string(kByteOrderMark) + row.end();
}

}  // namespace

ClipTables::ClipTables(const OutputFolder& folder, char separator)
    : separator_(separator), clips_(folder, "clips.csv"), capillaries_(folder, "capillaries.csv") {
  clips_.write(head(separator, {"clip",
                                "frames",
                                "usable",
                                "registered",
                                "reference",
                                "count",
                                "density",
                                "seen_px",
                                "count_per_mm2",
                                "count_first_half",
                                "count_second_half",
                                "density_first_half",
                                "density_second_half",
                                "illumination",
                                "duration",
                                "focus",
                                "content",
                                "stability",
                                "pressure",
                                "reason"}));
  capillaries_.write(
      head(separator, {"clip", "id", "left", "top", "width", "height", "area_px", "score", "seen", "in_view"}));
}

void ClipTables::add(const std::optional<ClipResult>& clip) {
  if (!clip) return;
  Cells row(separator_);
  row.text(clip->file).number(clip->frames).number(clip->usable).number(clip->registered).number(clip->reference);
  row.number(clip->count).number(clip->density).number(clip->seen_px).number(clip->count_per_mm2);
  std::array<std::optional<int>, 2> counts;
  std::array<std::optional<double>, 2> densities;
  for (std::size_t half = 0; half < 2 && clip->repeatability; ++half) {
    counts[half] = clip->repeatability->count[half];
    densities[half] = clip->repeatability->density[half];
  }
  row.number(counts[0]).number(counts[1]).number(densities[0]).number(densities[1]);
  const ClipQuality& quality = clip->quality;
  row.number(quality.illumination).number(quality.duration).number(quality.focus);
  row.number(quality.content).number(quality.stability).number(quality.pressure);
  row.text(clip->reason);
  clips_.write(row.end());
  for (const ClipCapillary& one : clip->capillaries) {
    Cells cells(separator_);
    cells.text(clip->file).number(one.id);
    for (const int side : one.bbox) cells.number(side);
    cells.number(one.area_px).number(one.score).number(one.seen).number(one.in_view);
    capillaries_.write(cells.end());
  }
}

void ClipTables::commit() {
  clips_.commit();
  capillaries_.commit();
}

}  // namespace capillaryx
