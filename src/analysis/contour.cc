// SPDX-License-Identifier: Apache-2.0
#include "analysis/contour.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <opencv2/imgproc.hpp>
#include <tuple>

#include "analysis/logarithms.h"

namespace capillaryx {
namespace {

constexpr int kDensityOne = 1024;  // steps of 1 in a logarithm
constexpr int kMarginBlocks = 4;
constexpr int kMarginPx = 2 * kMarginBlocks;  // around the region's box

// Where the ground is measured: blocks off the region.
constexpr int kBandFrom = 2, kBandTo = kMarginBlocks;

constexpr int kMostReach = 32;    // blocks
constexpr int kLeastDepth = 35;   // % of the peak
constexpr double kSlackPx = 0.3;  // by how much a side of the polygon may miss what it simplifies

const Logarithms& logarithms() {
  static const Logarithms kTable = make_logarithms(kDensityOne);
  return kTable;
}

// Turns every value into the highest of the `side` x `side` values from it on, in place: windows of 1, 2, 4, ...
// values. The last side - 1 columns and rows keep highest values of what there is.
template <class Value>
void highest_of_squares(std::vector<Value>& values, int width, int height, int side) {
  const auto raise = [](Value* to, const Value* from, int count) {
    for (int i = 0; i < count; ++i) to[i] = std::max(to[i], from[i]);
  };
  for (int have = 1; have < side;) {
    const int more = std::min(have, side - have);
    for (int y = 0; y < height; ++y) {
      Value* const row = values.data() + static_cast<std::ptrdiff_t>(y) * width;
      raise(row, row + more, width - more);
      if (y >= more) raise(row - static_cast<std::ptrdiff_t>(more) * width, row, width);
    }
    have += more;
  }
}

std::int16_t nth(std::vector<std::int16_t>& values, std::size_t n) {
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(n);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

}  // namespace

bool ContourFinder::find(const PixelView& frame, const Background& background, const Rois& rois, const Roi& roi,
                         double min_depth, Capillary& capillary, std::vector<Run>& runs) {
  left_ = roi.x - kMarginPx;
  top_ = roi.y - kMarginPx;
  width_ = roi.width + 2 * kMarginPx;
  height_ = roi.height + 2 * kMarginPx;
  blocks_x_ = width_ / 2;
  blocks_y_ = height_ / 2;
  measure(frame, background);
  mark_region(rois, roi);
  const int ground = ground_level();
  int peak = 0;
  const int level = ground + depth_level(ground, peak);  // half way between them, in half steps
  if (peak - ground < min_depth * kDensityOne) return false;
  mark_inside(rois, roi, level);
  if (!trace_largest()) return false;

  capillary.area_px = 0;
  for (int y = 0; y < height_; ++y) {
    const std::uint8_t* const row = mask_.data() + at(0, y);
    for (int x = 0; x < width_; ++x) {
      if (row[x] == 0) continue;
      const int start = x;
      while (row[x] != 0) ++x;  // the border is empty
      runs.push_back({left_ + start, top_ + y, x - start});
      capillary.area_px += x - start;
    }
  }
  write_polygon(frame, level, capillary);
  return true;
}

// density_: ln(background / pixel) of the window's vessel channel, blurred by 1 4 6 4 1.
void ContourFinder::measure(const PixelView& frame, const Background& background) {
  const Logarithms& logs = logarithms();
  const int vessel = vessel_channel(frame.channels);
  const int begin = std::max(left_ - 2, 0), end = std::min(left_ + width_ + 2, frame.width);
  const int reach = width_ + 4;  // two more on either side
  behind_.resize(static_cast<std::size_t>(reach));
  line_.resize(static_cast<std::size_t>(5 * reach));
  sums_.resize(static_cast<std::size_t>(reach));
  density_.resize(static_cast<std::size_t>(width_ * height_));
  const auto read = [&](int y) {  // row y of the window into its turn of five lines
    std::int16_t* const out = line_.data() + static_cast<std::ptrdiff_t>((y + 5) % 5) * reach;
    const int inside_y = std::clamp(top_ + y, 0, frame.height - 1);
    background.row(vessel, inside_y, begin, end - begin, behind_.data());
    const std::uint8_t* pixel = frame.row(inside_y) + static_cast<std::ptrdiff_t>(begin) * frame.channels + vessel;
    std::int16_t* const first = out + (begin - left_ + 2);
    for (int x = 0; x < end - begin; ++x, pixel += frame.channels) {
      const int back = std::clamp<int>(behind_[static_cast<std::size_t>(x)], 0, static_cast<int>(logs.size()) - 1);
      first[x] = static_cast<std::int16_t>(logs[static_cast<std::size_t>(back)] -
                                           logs[static_cast<std::size_t>(*pixel) * Background::kOne]);
    }
    std::fill(out, first, *first);
    std::fill(first + (end - begin), out + reach, first[end - begin - 1]);
    return out;
  };
  const std::int16_t* rows[5] = {};
  for (int i = 1; i < 5; ++i) rows[i] = read(i - 3);
  for (int y = 0; y < height_; ++y) {
    std::copy(rows + 1, rows + 5, rows);
    rows[4] = read(y + 2);
    std::int32_t* const s = sums_.data();
    for (int x = 0; x < reach; ++x) {
      s[x] = rows[0][x] + rows[4][x] + 4 * (rows[1][x] + rows[3][x]) + 6 * rows[2][x];
    }
    std::int16_t* const out = density_.data() + at(0, y);
    for (int x = 0; x < width_; ++x) {
      out[x] = static_cast<std::int16_t>((s[x] + s[x + 4] + 4 * (s[x + 1] + s[x + 3]) + 6 * s[x + 2]) >> 8);
    }
  }
}

// region_: 1 in the region's blocks.
void ContourFinder::mark_region(const Rois& rois, const Roi& roi) {
  region_.assign(static_cast<std::size_t>(blocks_x_ * blocks_y_), 0);
  for (int i = roi.first_run; i < roi.first_run + roi.run_count; ++i) {
    const Run& run = rois.runs[static_cast<std::size_t>(i)];
    if ((run.y - top_) % 2 != 0) continue;
    const int first = (run.y - top_) / 2 * blocks_x_ + (run.x - left_) / 2;
    std::fill_n(region_.begin() + first, run.length / 2, std::uint8_t{1});
  }
}

// The density that the region stands on: the median in a band around it. Not below the background's.
int ContourFinder::ground_level() {
  // A square's first corner, where its highest value stands, lies before its middle.
  near_ = region_;
  highest_of_squares(near_, blocks_x_, blocks_y_, 2 * kBandFrom - 1);
  far_ = region_;
  highest_of_squares(far_, blocks_x_, blocks_y_, 2 * kBandTo + 1);
  values_.clear();
  constexpr int kNear = kBandFrom - 1;
  for (int y = kBandTo; y < blocks_y_; ++y) {
    for (int x = kBandTo; x < blocks_x_; ++x) {
      if (far_[static_cast<std::size_t>((y - kBandTo) * blocks_x_ + x - kBandTo)] == 0) continue;
      if (near_[static_cast<std::size_t>((y - kNear) * blocks_x_ + x - kNear)] != 0) continue;
      values_.push_back(density_[at(2 * x, 2 * y)]);
    }
  }
  return values_.empty() ? 0 : std::max<int>(0, nth(values_, values_.size() / 2));
}

// In blocks: how deep the block that lies deepest inside the region lies (steps along, across and aslant).
int ContourFinder::half_width() {
  steps_ = region_;
  int deepest = 1;
  const auto least = [this](std::size_t p, std::ptrdiff_t a, std::ptrdiff_t b, std::ptrdiff_t c, std::ptrdiff_t d) {
    const std::uint8_t* const s = steps_.data() + p;
    return std::min({s[a], s[b], s[c], s[d], std::uint8_t{254}}) + 1;
  };
  const std::ptrdiff_t row = blocks_x_;
  for (int y = 1; y + 1 < blocks_y_; ++y) {
    for (int x = 1; x + 1 < blocks_x_; ++x) {
      const auto p = static_cast<std::size_t>(y * blocks_x_ + x);
      if (region_[p] != 0) steps_[p] = static_cast<std::uint8_t>(least(p, -1, -row - 1, -row, -row + 1));
    }
  }
  for (int y = blocks_y_ - 2; y > 0; --y) {
    for (int x = blocks_x_ - 2; x > 0; --x) {
      const auto p = static_cast<std::size_t>(y * blocks_x_ + x);
      if (region_[p] == 0) continue;
      const int here = std::min<int>(steps_[p], least(p, 1, row - 1, row, row + 1));
      steps_[p] = static_cast<std::uint8_t>(here);
      deepest = std::max(deepest, here);
    }
  }
  return deepest;
}

// The density that the capillary has where it is typical; see the header.
int ContourFinder::depth_level(int ground, int& peak) {
  const int reach = std::min((half_width() * 9 + 5) / 10, kMostReach);
  const int wide = blocks_x_ + 2 * reach, high = blocks_y_ + 2 * reach;
  highest_.assign(static_cast<std::size_t>(wide * high), 0);
  peak = 0;
  for (int y = 0; y < blocks_y_; ++y) {
    for (int x = 0; x < blocks_x_; ++x) {
      if (region_[static_cast<std::size_t>(y * blocks_x_ + x)] == 0) continue;
      const std::int16_t* const d = density_.data() + at(2 * x, 2 * y);
      const int mean = (d[0] + d[1] + d[width_] + d[width_ + 1] + 2) / 4;
      peak = std::max(peak, mean);
      highest_[static_cast<std::size_t>((y + reach) * wide + x + reach)] = static_cast<std::int16_t>(std::max(mean, 0));
    }
  }
  highest_of_squares(highest_, wide, high, 2 * reach + 1);
  values_.clear();
  for (int y = 0; y < blocks_y_; ++y) {
    for (int x = 0; x < blocks_x_; ++x) {
      // The square from here on has its middle `reach` further.
      if (region_[static_cast<std::size_t>(y * blocks_x_ + x)] != 0) {
        values_.push_back(highest_[static_cast<std::size_t>(y * wide + x)]);
      }
    }
  }
  const int least = ground + std::max(1, (peak - ground) * kLeastDepth / 100);
  return std::max<int>(least, nth(values_, values_.size() / 10));
}

// mask_: 1 where the region's density is over level / 2.
void ContourFinder::mark_inside(const Rois& rois, const Roi& roi, int level) {
  mask_.assign(density_.size(), 0);
  for (int i = roi.first_run; i < roi.first_run + roi.run_count; ++i) {
    const Run& run = rois.runs[static_cast<std::size_t>(i)];
    const std::size_t first = at(run.x - left_, run.y - top_);
    for (std::size_t p = first; p < first + static_cast<std::size_t>(run.length); ++p) {
      mask_[p] = static_cast<std::uint8_t>(2 * density_[p] > level);
    }
  }
}

// Leaves in mask_ the piece that is largest with its holes, which count as filled, and its outline in largest_.
bool ContourFinder::trace_largest() {
  int best = 0;
  for (int y = 1; y + 1 < height_; ++y) {
    for (int x = 1; x + 1 < width_; ++x) {
      if (mask_[at(x, y)] != 1) continue;
      const int area = trace(x, y, outline_);
      fill(outline_, 2);
      if (area <= best) continue;
      best = area;
      largest_.swap(outline_);
    }
  }
  std::fill(mask_.begin(), mask_.end(), std::uint8_t{0});
  if (best > 0) fill(largest_, 1);
  return best > 0;
}

// Goes round a piece along its pixels' edges, the piece to the right, from its first pixel in reading order. Returns
// the area within, px.
int ContourFinder::trace(int first_x, int first_y, std::vector<Edge>& outline) const {
  constexpr int kStepX[4] = {1, 0, -1, 0}, kStepY[4] = {0, 1, 0, -1};
  outline.clear();
  int x = first_x, y = first_y, side = 0, area = 0;
  do {
    outline.push_back({x, y, side});
    if (side == 1) area += x + 1;
    if (side == 3) area -= x;
    const int ahead_x = x + kStepX[side], ahead_y = y + kStepY[side];
    const int out = (side + 3) % 4;  // the way that leads out over this edge
    if (mask_[at(ahead_x, ahead_y)] == 0) {
      side = (side + 1) % 4;
      continue;
    }
    x = ahead_x;
    y = ahead_y;
    if (mask_[at(x + kStepX[out], y + kStepY[out])] == 0) continue;
    x += kStepX[out];
    y += kStepY[out];
    side = out;
  } while (x != first_x || y != first_y || side != 0);
  return area;
}

// Sets all pixels within an outline.
void ContourFinder::fill(const std::vector<Edge>& outline, std::uint8_t value) {
  ends_.clear();  // row, column: of every row, where it enters and leaves in turn
  for (const Edge& edge : outline) {
    if (edge.side == 1) ends_.push_back({edge.y, edge.x + 1});
    if (edge.side == 3) ends_.push_back({edge.y, edge.x});
  }
  std::sort(ends_.begin(), ends_.end());
  for (std::size_t i = 0; i + 1 < ends_.size(); i += 2) {
    std::fill_n(mask_.begin() + static_cast<std::ptrdiff_t>(at(ends_[i][1], ends_[i][0])),
                ends_[i + 1][1] - ends_[i][1], value);
  }
}

// From the edges of largest_: between the middles of the two pixels, where density is level / 2.
void ContourFinder::write_polygon(const PixelView& frame, int level, Capillary& capillary) {
  constexpr int kOutX[4] = {0, 1, 0, -1}, kOutY[4] = {-1, 0, 1, 0};
  constexpr int kHalf = kPolygonOne / 2;
  const auto limit = [](int v, int first, int size) {
    return std::clamp(v, std::max(0, -first) * kPolygonOne, (size - first) * kPolygonOne);
  };
  std::vector<cv::Point> outline, polygon;
  outline.reserve(largest_.size());
  for (const Edge& edge : largest_) {
    const int in = 2 * density_[at(edge.x, edge.y)] - level;
    const int out = 2 * density_[at(edge.x + kOutX[edge.side], edge.y + kOutY[edge.side])] - level;
    // Half way where the region ends before the darkness does.
    const int way = in > 0 && out < 0 ? (in * kPolygonOne + (in - out) / 2) / (in - out) : kHalf;
    outline.emplace_back(limit(edge.x * kPolygonOne + kHalf + kOutX[edge.side] * way, left_, frame.width),
                         limit(edge.y * kPolygonOne + kHalf + kOutY[edge.side] * way, top_, frame.height));
  }
  cv::approxPolyDP(outline, polygon, kSlackPx * kPolygonOne, true);
  if (polygon.size() < 3) polygon = outline;
  capillary.polygon.clear();
  cv::Point low = polygon[0], high = low;
  for (const cv::Point& p : polygon) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    capillary.polygon.push_back(static_cast<float>(left_) + static_cast<float>(p.x) / kPolygonOne);
    capillary.polygon.push_back(static_cast<float>(top_) + static_cast<float>(p.y) / kPolygonOne);
  }
  const int x0 = low.x / kPolygonOne, x1 = (high.x + kPolygonOne - 1) / kPolygonOne;
  const int y0 = low.y / kPolygonOne, y1 = (high.y + kPolygonOne - 1) / kPolygonOne;
  capillary.bbox = {left_ + x0, top_ + y0, x1 - x0, y1 - y0};
}

std::int64_t covered_px(std::vector<Run>& runs) {
  std::sort(runs.begin(), runs.end(),
            [](const Run& a, const Run& b) { return std::tie(a.y, a.x) < std::tie(b.y, b.x); });
  std::int64_t covered = 0;
  int y = -1, end = 0;
  for (const Run& run : runs) {
    if (run.y != y) end = 0;
    y = run.y;
    covered += std::max(0, run.x + run.length - std::max(end, run.x));
    end = std::max(end, run.x + run.length);
  }
  return covered;
}

}  // namespace capillaryx
