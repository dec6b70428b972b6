// SPDX-License-Identifier: Apache-2.0
#include "quality/quality.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "quality/limits.h"

namespace capillaryx {
namespace {

constexpr int kBrightCell = 248 * Cells::kOne, kDarkCell = 6 * Cells::kOne;
// Capillaries below which a median says nothing.
constexpr std::size_t kFewCapillaries = 3;

/// Measures stand in the journal with four places.
double rounded(double value) { return std::round(value * 1e4) / 1e4; }

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string with_numbers(const QualityLimit& limit, double value) {
  char text[64];
  std::snprintf(text, sizeof text, " (%s %.3g, %s %.3g)", limit.measure, value, limit.least ? "least" : "most",
                limit.value);
  return std::string(limit.reason) + text;
}

}  // namespace

void judge(FrameQuality& quality) {
  quality.reasons.clear();
  for (const QualityLimit& limit : kQualityLimits) {
    const auto found = quality.measures.find(limit.measure);
    if (found == quality.measures.end()) continue;
    const double value = found->second;
    if (limit.least ? value >= limit.value : value <= limit.value) continue;
    quality.reasons.push_back(with_numbers(limit, value));
  }
  quality.usable = quality.reasons.empty();
}

void QualityMeter::complete(const PixelView& frame, FrameResult& result) {
  fill_cells(frame, cells_);
  find_mask(cells_, roi_, mask_);
  apply_mask(mask_, result);
  split_bands(cells_, bands_);
  FrameQuality quality;
  measure_light(quality);
  const Sharpness sharpness = sharpness_.measure(bands_, mask_);
  // What is black is neither sharp nor blurred.
  const auto level = quality.measures.find("level");
  const bool lit = level != quality.measures.end() && level->second * Cells::kOne > kDarkCell;
  if (sharpness.known && lit) {
    quality.measures["focus"] = rounded(sharpness.focus);
    quality.measures["sharp_share"] = rounded(sharpness.sharp_share);
    quality.measures["motion"] = rounded(sharpness.motion);
  }
  measure_contrast(result, quality);
  quality.measures["occluded_share"] = rounded(share(mask_.glare + mask_.print, mask_.field()));
  quality.measures["print_share"] = rounded(share(mask_.print, mask_.field()));
  judge(quality);
  landmarks_.find(bands_, mask_, result.landmarks);
  result.quality = std::move(quality);
}

/// Light in the field: what is clipped, how bright the rest is, how even.
void QualityMeter::measure_light(FrameQuality& quality) {
  constexpr int kEvery = 4;  // cells: light varies slowly
  std::int64_t bright = 0;
  std::int64_t dark = 0;
  values_.clear();
  for (int y = 0; y < cells_.height; ++y) {
    const std::size_t start = static_cast<std::size_t>(y) * static_cast<std::size_t>(cells_.width);
    for (std::size_t i = start; i < start + static_cast<std::size_t>(cells_.width); ++i) {
      if (mask_.cells[i] == Masked::kOutside || mask_.cells[i] == Masked::kBorder) continue;
      bright += cells_.level[i] >= kBrightCell ? 1 : 0;
      dark += cells_.level[i] <= kDarkCell ? 1 : 0;
      if (y % kEvery == 0 && i % kEvery == 0) values_.push_back(bands_.smooth[i]);
    }
  }
  quality.measures["clipped_bright"] = rounded(share(bright, mask_.field()));
  quality.measures["clipped_dark"] = rounded(share(dark, mask_.field()));
  if (values_.empty()) return;
  const auto quantile = [&](std::size_t percent) {
    const auto place = values_.begin() + static_cast<std::ptrdiff_t>(values_.size() * percent / 100);
    std::nth_element(values_.begin(), place, values_.end());
    return static_cast<double>(*place) / Cells::kOne;
  };
  quality.measures["level"] = rounded(quantile(50));
  const double high = quantile(90);
  quality.measures["evenness"] = high > 0 ? rounded(quantile(10) / high) : 1;
}

/// How much darker than what is around it the darkest cell of a capillary is, median over the frame's capillaries.
void QualityMeter::measure_contrast(const FrameResult& result, FrameQuality& quality) {
  values_.clear();
  constexpr int kPartsPer = 10'000;
  for (const Capillary& capillary : result.capillaries) {
    const auto [x, y, width, height] = capillary.bbox;
    const int x0 = std::max(0, x / Cells::kSide - 1);
    const int y0 = std::max(0, y / Cells::kSide - 1);
    const int x1 = std::min(cells_.width - 1, (x + width) / Cells::kSide + 1);
    const int y1 = std::min(cells_.height - 1, (y + height) / Cells::kSide + 1);
    int darkest = 255 * Cells::kOne;
    std::int64_t rim = 0;
    int rim_cells = 0;
    for (int cy = y0; cy <= y1; ++cy) {
      const std::uint16_t* row = bands_.once.data() + static_cast<std::ptrdiff_t>(cy) * cells_.width;
      for (int cx = x0; cx <= x1; ++cx) {
        darkest = std::min<int>(darkest, row[cx]);
        if (cy > y0 && cy < y1 && cx > x0 && cx < x1) continue;
        rim += row[cx];
        ++rim_cells;
      }
    }
    if (rim > 0) values_.push_back(static_cast<int>(kPartsPer - std::int64_t{kPartsPer} * darkest * rim_cells / rim));
  }
  if (values_.size() < kFewCapillaries) return;
  const auto middle = values_.begin() + static_cast<std::ptrdiff_t>(values_.size() / 2);
  std::nth_element(values_.begin(), middle, values_.end());
  quality.measures["contrast"] = static_cast<double>(*middle) / kPartsPer;
}

}  // namespace capillaryx
