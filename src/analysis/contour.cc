// SPDX-License-Identifier: Apache-2.0
#include "analysis/contour.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "analysis/background.h"
#include "analysis/simple_polygon.h"

namespace capillaryx {
namespace {

constexpr int kDensityOne = 1024;  // steps of 1 in a logarithm
constexpr int kLeastCounted = -kDensityOne, kMostCounted = 4 * kDensityOne;
constexpr int kMargin = 4;  // blocks around the region's box
constexpr int kBlur = 2;    // blocks by which a blur makes a window smaller on every side

// Where the ground is measured: blocks off the region.
constexpr int kBandFrom = 2, kBandTo = kMargin;

constexpr int kMostReach = 32;    // blocks
constexpr int kAhead = 8;         // rows by which memory is prefetched
constexpr int kCacheLine = 32;    // values
constexpr int kLeastDepth = 38;   // % of the peak
constexpr int kTail = 30;         // % of the peak; what is fainter has no say in the depth
constexpr double kSlackPx = 0.3;  // by how much a side of the polygon may miss what it simplifies

// Natural logarithms, in 1/kDensityOne, of grey values from 0 to 255, which are counted in 1/Background::kOne: of a
// background, and of the sum of four pixels. What is darker than one grey value counts as one.
using Logarithms = std::array<std::int16_t, 256 * Background::kOne>;
const Logarithms& logarithms() {
  static const auto kTable = [] {
    Logarithms table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
      const double grey = std::max(1.0, static_cast<double>(i) / Background::kOne);
      table[i] = static_cast<std::int16_t>(std::lround(std::log(grey) * kDensityOne));
    }
    return table;
  }();
  return kTable;
}
constexpr int kStepsOfSum = Background::kOne / 4;

// Places `window` on the region's box and `margin` blocks around it.
void place_window(const Roi& roi, int margin, BlockWindow& window) {
  window.set(roi.x - 2 * margin, roi.y - 2 * margin, roi.width / 2 + 2 * margin, roi.height / 2 + 2 * margin);
}

// The corners of the box around a line.
std::vector<OutlineFinder::Point> box_of(std::span<const OutlineFinder::Point> line) {
  OutlineFinder::Point low = line[0], high = low;
  for (const auto& [x, y] : line) {
    low = {std::min(low.x, x), std::min(low.y, y)};
    high = {std::max(high.x, x), std::max(high.y, y)};
  }
  return {low, {high.x, low.y}, high, {low.x, high.y}};
}

// The part of its depth to which a capillary of this width falls at its own edge.
double level_of_edge(double width_px) {
  if (width_px <= 0) return 0.5;
  constexpr double kBlurred = 2.355 * ContourFinder::kScatterSigmaPx;  // width of a point, px
  constexpr double kMost = 0.4;                                        // anything narrower looks like a point
  const double part = std::min(kMost, kBlurred * kBlurred / (width_px * width_px));
  return 0.5 * (1 + part * (0.688 + 0.276 * part));  // 2^(part - 1), to 1 in 1,000
}

// The part of that level at which it lies in a frame whose capillaries are typically this long.
double part_of_level(double typical_length_px) {
  const double length = std::min(ContourFinder::kMostLength, typical_length_px / ContourFinder::kEvenLengthPx);
  return 1 - ContourFinder::kFollowed * (length * length - 1);
}

}  // namespace

bool ContourFinder::measure(const Proposer& proposed, const Roi& roi, double min_depth, RegionDarkness& darkness,
                            std::vector<std::int16_t>& values) {
  read_density(proposed, roi);
  blur_window(density_, smooth_, between_);
  mark_region(proposed.found, roi);
  darkness.ground = ground_level();
  darkness.peak = highest_inside();
  if (darkness.peak - darkness.ground < min_depth * kDensityOne) return false;
  darkness.first_value = values.size();
  const auto begin = density_.values.begin();
  values.insert(values.end(), begin, begin + static_cast<std::ptrdiff_t>(density_.size()));
  return true;
}

HalfDepth ContourFinder::half_depth(const Proposer& proposed, const Roi& roi, const RegionDarkness& darkness,
                                    std::span<const std::int16_t> values) {
  read_window(roi, proposed.found, darkness, values);
  blur_window(density_, smooth_, between_);
  const double robust_sd = static_cast<double>(proposed.darkness.robust_sd / proposed.darkness.level);
  const auto uneven = static_cast<int>(kUneven * robust_sd * kDensityOne + 0.5);
  HalfDepth half;
  half.depth = depth_level(darkness.ground, darkness.peak, uneven) - darkness.ground;
  mark_above(2 * darkness.ground + half.depth);
  half.width_px = 2 * mean_width_of(mask_, density_.width);
  if (half.width_px > 0) {
    half.length_px = static_cast<double>(4 * std::count(mask_.begin(), mask_.end(), 1)) / half.width_px;
  }
  return half;
}

bool ContourFinder::draw(const Proposer& proposed, const Roi& roi, const RegionDarkness& darkness,
                         const HalfDepth& half, double typical_length_px, std::span<const std::int16_t> values,
                         Contour& contour, std::vector<Run>& runs, std::vector<OutlineFinder::Point>& points) {
  read_window(roi, proposed.found, darkness, values);
  grow_region();
  const double part = level_of_edge(half.width_px) * part_of_level(typical_length_px);
  const int level = 2 * darkness.ground + static_cast<int>(2 * half.depth * part + 0.5);  // in half steps
  mark_above(level);
  joiner_.join(density_, region_, mask_);
  if (!outline_.find(density_, level, mask_)) return false;
  outline_.clip(density_, proposed.reduced.frame_width, proposed.reduced.frame_height);
  contour.left = density_.left;
  contour.top = density_.top;
  contour.first_run = runs.size();
  contour.area_px = outline_.append_runs(density_, runs);
  contour.end_run = runs.size();
  if (contour.area_px == 0) return false;
  contour.first_point = points.size();
  points.insert(points.end(), outline_.points().begin(), outline_.points().end());
  contour.end_point = points.size();
  return true;
}

// mask_: 1 in the region's blocks that are over `level` / 2.
void ContourFinder::mark_above(int level) {
  const std::size_t size = region_.size();
  mask_.resize(size);
  const auto half = static_cast<std::int16_t>(level / 2);
  const std::int16_t* const value = density_.values.data();
  const std::uint8_t* const region = region_.data();
  std::uint8_t* const mask = mask_.data();
  for (std::size_t i = 0; i < size; ++i) mask[i] = static_cast<std::uint8_t>(region[i] & (value[i] > half ? 1U : 0U));
}

// density_ and region_ of a region that was measured.
void ContourFinder::read_window(const Roi& roi, const Rois& rois, const RegionDarkness& darkness,
                                std::span<const std::int16_t> values) {
  place_window(roi, kMargin, density_);
  std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(darkness.first_value), density_.size(),
              density_.values.begin());
  mark_region(rois, roi);
}

// density_: ln(background / pixel) of the region's box and a margin, blurred.
void ContourFinder::read_density(const Proposer& proposed, const Roi& roi) {
  const Logarithms& logs = logarithms();
  const Darkness& darkness = proposed.darkness;
  const int vessel = vessel_channel(proposed.reduced.channels);
  place_window(roi, kMargin + kBlur, raw_);
  const int first_x = raw_.left / 2, first_y = raw_.top / 2;
  const int begin = std::max(first_x, 0), end = std::min(first_x + raw_.width, darkness.width);
  const auto behind_at = [&](int y) {
    const std::ptrdiff_t inside_y = std::clamp(first_y + y, 0, darkness.height - 1);
    return darkness.behind.data() + inside_y * darkness.width;
  };
  const auto value_at = [&](int y) {
    return proposed.reduced.row(vessel, std::clamp(first_y + y, 0, darkness.height - 1));
  };
  for (int y = 0; y < raw_.height; ++y) {
    // Rows lie far apart in memory, which no hardware sees coming.
    for (int x = begin; x < end; x += kCacheLine) {
      __builtin_prefetch(behind_at(y + kAhead) + x);
      __builtin_prefetch(value_at(y + kAhead) + x);
    }
    const std::int16_t* const behind = behind_at(y);
    const std::int16_t* const value = value_at(y);
    std::int16_t* const row = raw_.values.data() + raw_.at(0, y);
    for (int x = begin; x < end; ++x) {
      row[x - first_x] = static_cast<std::int16_t>(logs[static_cast<std::size_t>(behind[x])] -
                                                   logs[static_cast<std::size_t>(value[x] * kStepsOfSum)]);
    }
    std::fill(row, row + (begin - first_x), row[begin - first_x]);
    std::fill(row + (end - first_x), row + raw_.width, row[end - 1 - first_x]);
  }
  blur_window(raw_, density_, between_);
}

// region_: 1 in the region's blocks. rows_: its rows.
void ContourFinder::mark_region(const Rois& rois, const Roi& roi) {
  region_.assign(density_.size(), 0);
  rows_.clear();
  for (int i = roi.first_run; i < roi.first_run + roi.run_count; ++i) {
    const Run& run = rois.runs[static_cast<std::size_t>(i)];
    if ((run.y - density_.top) % 2 != 0) continue;
    rows_.push_back({(run.x - density_.left) / 2, (run.y - density_.top) / 2, run.length / 2});
    std::fill_n(region_.data() + density_.at(rows_.back().x, rows_.back().y), rows_.back().length, std::uint8_t{1});
  }
}

// Adds the blocks next to the region to region_.
void ContourFinder::grow_region() {
  // A square's first corner, where its highest value stands, lies before its middle.
  near_ = region_;
  highest_of_squares(near_, density_.width, 1, 3);
  std::copy(near_.begin(), near_.end() - (density_.width + 1), region_.begin() + density_.width + 1);
}

// The value that one in `share` of the first `count` of picked_ does not reach, from kLeastCounted to kMostCounted. 0
// of none.
int ContourFinder::level_at_quantile(std::size_t count, int share) {
  if (count == 0) return 0;
  counts_.resize(kMostCounted - kLeastCounted + 1);  // all 0 between calls
  std::int32_t* const counts = counts_.data() - kLeastCounted;
  int least = kMostCounted, most = kLeastCounted;
  for (std::size_t i = 0; i < count; ++i) {
    const int value = std::clamp<int>(picked_[i], kLeastCounted, kMostCounted);
    ++counts[value];
    least = std::min(least, value);
    most = std::max(most, value);
  }
  int value = least;
  for (int left = static_cast<int>(count) / share; left >= counts[value]; ++value) left -= counts[value];
  std::fill(counts + least, counts + most + 1, 0);
  return value;
}

// The density that the region stands on: the median in a band around it.
int ContourFinder::ground_level() {
  // A square's first corner, where its highest value stands, lies before its middle.
  constexpr int kNear = kBandFrom - 1;
  near_ = region_;
  highest_of_squares(near_, density_.width, 1, 2 * kNear + 1);
  far_ = near_;
  highest_of_squares(far_, density_.width, 2 * kNear + 1, 2 * kBandTo + 1);
  picked_.resize(density_.size() + 1);
  std::int16_t* const picked = picked_.data();
  std::size_t count = 0;
  const int width = density_.width - kBandTo;
  for (int y = kBandTo; y < density_.height; ++y) {
    const std::uint8_t* const far = far_.data() + density_.at(0, y - kBandTo);
    const std::uint8_t* const near = near_.data() + density_.at(kBandTo - kNear, y - kNear);
    const std::int16_t* const value = density_.values.data() + density_.at(kBandTo, y);
    for (int x = 0; x < width; ++x) {  // without a question, which would often be answered wrong
      picked[count] = value[x];
      count += far[x] > near[x] ? 1U : 0U;
    }
  }
  return level_at_quantile(count, 2);
}

// The density of the capillary's darkest place.
int ContourFinder::highest_inside() const {
  int peak = 0;
  for (const Run& row : rows_) {
    const std::int16_t* const value = smooth_.values.data() + smooth_.at(row.x - kBlur, row.y - kBlur);
    for (int x = 0; x < row.length; ++x) peak = std::max<int>(peak, value[x]);
  }
  return peak;
}

// The density that the capillary has where it is typical; see the header.
int ContourFinder::depth_level(int ground, int peak, int uneven) {
  const int half_width = half_width_of(region_, density_.width, kMostReach, far_);
  const int reach = (half_width * 9 + 5) / 10;
  const int wide = density_.width + 2 * reach, high = density_.height + 2 * reach;
  highest_.assign(static_cast<std::size_t>(wide * high), 0);
  for (const Run& row : rows_) {
    const std::int16_t* const value = smooth_.values.data() + smooth_.at(row.x - kBlur, row.y - kBlur);
    std::copy_n(value, row.length, highest_.data() + (row.y + reach) * wide + row.x + reach);
  }
  highest_of_squares(highest_, wide, 1, 2 * reach + 1);
  const int tail = ground + (peak - ground) * kTail / 100;
  std::int16_t* const picked = picked_.data();
  std::size_t count = 0;
  for (const Run& row : rows_) {
    // The square from here on has its middle `reach` further.
    const std::int16_t* const highest = highest_.data() + row.y * wide + row.x;
    for (int x = 0; x < row.length; ++x) {
      picked[count] = highest[x];
      count += highest[x] >= tail ? 1U : 0U;
    }
  }
  const int depth = level_at_quantile(count, kDepthShare) - ground;
  return ground + std::max({1, (peak - ground) * kLeastDepth / 100, depth / 2, depth - uneven});
}

void ContourFinder::write(const Contour& contour, std::span<const OutlineFinder::Point> points, Capillary& capillary) {
  constexpr int kOne = OutlineFinder::kOnePx;
  const auto line = points.subspan(contour.first_point, contour.end_point - contour.first_point);
  const auto found = polygon_.find(line, kSlackPx * kOne);
  const auto chosen = found.size() < 3 ? line : found;
  corners_.assign(chosen.begin(), chosen.end());
  // The box of all that the area counts: at the frame's border, onto which points were moved, a line may meet itself,
  // and the polygon keeps the larger of the two loops alone.
  const auto box = box_of(corners_);
  const OutlineFinder::Point low = box[0], high = box[2];
  make_simple(corners_);
  if (corners_.size() < 3) corners_ = box_of(line);
  capillary.polygon.clear();
  capillary.polygon.reserve(2 * corners_.size());
  for (const auto& [x, y] : corners_) {
    capillary.polygon.push_back(static_cast<float>(contour.left) + static_cast<float>(x) / kOne);
    capillary.polygon.push_back(static_cast<float>(contour.top) + static_cast<float>(y) / kOne);
  }
  const int x0 = low.x / kOne, x1 = (high.x + kOne - 1) / kOne;
  const int y0 = low.y / kOne, y1 = (high.y + kOne - 1) / kOne;
  capillary.bbox = {contour.left + x0, contour.top + y0, x1 - x0, y1 - y0};
  capillary.area_px = contour.area_px;
}

std::int64_t CoveredPixels::count(std::span<const Run> runs) {
  if (runs.empty()) return 0;
  const auto [first, last] =
      std::minmax_element(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.y < b.y; });
  const int top = first->y;
  // By rows with a count of each, then, as a row has only a few, each put in its place in the row.
  ends_.assign(static_cast<std::size_t>(last->y - top) + 2, 0);
  for (const Run& run : runs) ++ends_[static_cast<std::size_t>(run.y - top) + 1];
  for (std::size_t row = 1; row < ends_.size(); ++row) ends_[row] += ends_[row - 1];
  by_row_.resize(runs.size());
  for (const Run& run : runs) by_row_[static_cast<std::size_t>(ends_[static_cast<std::size_t>(run.y - top)]++)] = run;
  std::int64_t covered = 0;
  std::size_t begin = 0;
  for (std::size_t row = 0; begin < by_row_.size(); ++row) {
    const auto end_of_row = static_cast<std::size_t>(ends_[row]);
    int end = std::numeric_limits<int>::min();
    for (std::size_t i = begin; i < end_of_row; ++i) {
      for (std::size_t k = i; k > begin && by_row_[k].x < by_row_[k - 1].x; --k) std::swap(by_row_[k], by_row_[k - 1]);
    }
    for (; begin < end_of_row; ++begin) {
      const Run& run = by_row_[begin];
      covered += std::max(0, run.x + run.length - std::max(end, run.x));
      end = std::max(end, run.x + run.length);
    }
  }
  return covered;
}

}  // namespace capillaryx
