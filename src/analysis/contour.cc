// SPDX-License-Identifier: Apache-2.0
#include "analysis/contour.h"

#include <algorithm>
#include <cstddef>
#include <opencv2/imgproc.hpp>
#include <tuple>

namespace capillaryx {
namespace {

// By how much a side of the polygon may miss the pixels' stairs, px: enough to make a slanted stair one line.
constexpr double kPolygonSlackPx = 0.75;

constexpr int kSteps = 128;  // of one grey value

}  // namespace

bool ContourFinder::find(const PixelView& frame, const Background& background, const Rois& rois, const Roi& roi,
                         Capillary& capillary, std::vector<Run>& runs) {
  left_ = roi.x - kMarginPx;
  top_ = roi.y - kMarginPx;
  width_ = roi.width + 2 * kMarginPx;
  height_ = roi.height + 2 * kMarginPx;
  measure(frame, background);
  mark_region(rois, roi);
  if (!keep_largest_piece()) return false;
  fill_holes();

  capillary.area_px = 0;
  int x0 = width_, y0 = height_, x1 = 0, y1 = 0;
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      if (mask(x, y) == 0) continue;
      const int start = x;
      while (mask(x, y) != 0) ++x;  // the border is empty
      runs.push_back({left_ + start, top_ + y, x - start});
      capillary.area_px += x - start;
      x0 = std::min(x0, start);
      x1 = std::max(x1, x);
      y0 = std::min(y0, y);
      y1 = y + 1;
    }
  }
  // A quarter of the way from the region's box to the contour's.
  x0 = (x0 + 3 * kMarginPx) / 4;
  y0 = (y0 + 3 * kMarginPx) / 4;
  x1 = (x1 + 3 * (width_ - kMarginPx) + 3) / 4;
  y1 = (y1 + 3 * (height_ - kMarginPx) + 3) / 4;
  capillary.bbox = {left_ + x0, top_ + y0, x1 - x0, y1 - y0};
  trace(capillary.polygon);
  return true;
}

// darkness_: background - frame of the window's vessel channel, blurred by 1 2 1, in kSteps a grey value.
void ContourFinder::measure(const PixelView& frame, const Background& background) {
  const int vessel = vessel_channel(frame.channels);
  const int begin = std::max(left_ - 1, 0), end = std::min(left_ + width_ + 1, frame.width);
  const auto reach = static_cast<std::size_t>(width_) + 2;  // one more on either side
  behind_.resize(reach);
  line_.resize(3 * reach);
  darkness_.resize(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
  const auto read = [&](int y) {  // row y of the window, blurred along it, into its turn of three lines
    std::int32_t* const out = line_.data() + static_cast<std::size_t>(y + 3) % 3 * reach;
    const int inside_y = std::clamp(top_ + y, 0, frame.height - 1);
    background.row(vessel, inside_y, begin, end - begin, behind_.data());
    const std::uint8_t* pixel = frame.row(inside_y) + static_cast<std::ptrdiff_t>(begin) * frame.channels + vessel;
    std::int32_t* const first = out + (begin - left_ + 1);
    for (int x = 0; x < end - begin; ++x, pixel += frame.channels) {
      first[x] = behind_[static_cast<std::size_t>(x)] - *pixel * Background::kOne;
    }
    std::fill(out, first, *first);
    std::fill(first + (end - begin), out + reach, first[end - begin - 1]);
    for (int x = 0; x < width_; ++x) out[x] += 2 * out[x + 1] + out[x + 2];
    return out;
  };
  const std::int32_t* above = read(-1);
  const std::int32_t* here = read(0);
  for (int y = 0; y < height_; ++y) {
    const std::int32_t* const below = read(y + 1);
    std::int16_t* const out = darkness_.data() + static_cast<std::ptrdiff_t>(y) * width_;
    constexpr int kShrink = 16 * Background::kOne / kSteps;
    for (int x = 0; x < width_; ++x) out[x] = static_cast<std::int16_t>((above[x] + 2 * here[x] + below[x]) / kShrink);
    above = here;
    here = below;
  }
}

// mask_: the region's pixels that are at least half as dark as the darkest of the region near them.
void ContourFinder::mark_region(const Rois& rois, const Roi& roi) {
  const auto size = static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_);
  // Once more blurred, so that noise does not pass for depth.
  steady_.assign(size, 0);
  for (int y = 1; y + 1 < height_; ++y) {
    const std::int16_t* in = darkness_.data() + static_cast<std::ptrdiff_t>(y) * width_;
    std::int16_t* out = steady_.data() + static_cast<std::ptrdiff_t>(y) * width_;
    const auto column = [&](int x) { return in[x - width_] + 2 * in[x] + in[x + width_]; };
    for (int x = 1; x + 1 < width_; ++x) {
      out[x] = static_cast<std::int16_t>((column(x - 1) + 2 * column(x) + column(x + 1)) / 16);
    }
  }
  depth_.assign(size, 0);
  across_.resize(size);
  mask_.assign(size, 0);
  std::int16_t peak = 0;
  for (int i = roi.first_run; i < roi.first_run + roi.run_count; ++i) {
    const Run& run = rois.runs[static_cast<std::size_t>(i)];
    const auto start = static_cast<std::size_t>((run.y - top_) * width_ + run.x - left_);
    for (std::size_t p = start; p < start + static_cast<std::size_t>(run.length); ++p) {
      mask_[p] = 1;
      depth_[p] = steady_[p];
      peak = std::max(peak, steady_[p]);
    }
  }
  // A region's half width: its pixel that lies deepest inside, counted in steps like those of the square.
  cv::Mat steps;
  cv::distanceTransform(cv::Mat(height_, width_, CV_8U, mask_.data()), steps, cv::DIST_C, 3);
  double half_width = 0;
  cv::minMaxLoc(steps, nullptr, &half_width);
  const int reach = std::clamp(static_cast<int>(half_width + 0.5), kLeastReachPx, kMostReachPx);

  for (int y = 0; y < height_; ++y) {  // the maximum over a square, along rows, then columns
    const std::int16_t* in = depth_.data() + static_cast<std::ptrdiff_t>(y) * width_;
    std::int16_t* out = across_.data() + static_cast<std::ptrdiff_t>(y) * width_;
    std::copy_n(in, width_, out);
    for (int k = 1; k <= std::min(reach, width_ - 1); ++k) {
      for (int x = 0; x < width_ - k; ++x) out[x] = std::max(out[x], in[x + k]);
      for (int x = k; x < width_; ++x) out[x] = std::max(out[x], in[x - k]);
    }
  }
  const std::int16_t ground = ground_level();
  const auto least = std::max<std::int16_t>(
      1, static_cast<std::int16_t>(static_cast<float>(ground) + kLeastDepth * static_cast<float>(peak - ground)));
  for (int y = 0; y < height_; ++y) {
    std::int16_t* out = depth_.data() + static_cast<std::ptrdiff_t>(y) * width_;
    std::fill_n(out, width_, least);
    for (int r = std::max(0, y - reach); r <= std::min(height_ - 1, y + reach); ++r) {
      const std::int16_t* in = across_.data() + static_cast<std::ptrdiff_t>(r) * width_;
      for (int x = 0; x < width_; ++x) out[x] = std::max(out[x], in[x]);
    }
  }
  for (std::size_t p = 0; p < size; ++p) {
    mask_[p] = static_cast<std::uint8_t>(mask_[p] & static_cast<int>(2 * darkness_[p] >= depth_[p] + ground));
  }
}

// The darkness that the region stands on: the median around it, as halos are darker than the background. Not below it.
std::int16_t ContourFinder::ground_level() {
  around_.clear();
  for (std::size_t p = 0; p < mask_.size(); ++p) {
    if (mask_[p] == 0) around_.push_back(darkness_[p]);
  }
  const auto middle = around_.begin() + static_cast<std::ptrdiff_t>(around_.size() / 2);
  std::nth_element(around_.begin(), middle, around_.end());
  return std::max<std::int16_t>(0, *middle);
}

bool ContourFinder::keep_largest_piece() {
  largest_.clear();
  for (int start = 0; start < width_ * height_; ++start) {
    if (mask_[static_cast<std::size_t>(start)] != 1) continue;
    piece_.assign(1, start);
    mask_[static_cast<std::size_t>(start)] = 2;
    for (std::size_t i = 0; i < piece_.size(); ++i) {
      for (const int step : {-width_, -1, 1, width_}) {
        std::uint8_t& next = mask_[static_cast<std::size_t>(piece_[i] + step)];
        if (next != 1) continue;
        next = 2;
        piece_.push_back(piece_[i] + step);
      }
    }
    if (piece_.size() > largest_.size()) largest_.swap(piece_);
  }
  std::fill(mask_.begin(), mask_.end(), std::uint8_t{0});
  for (const int p : largest_) mask_[static_cast<std::size_t>(p)] = 1;
  return !largest_.empty();
}

void ContourFinder::fill_holes() {
  // What cannot be reached from the border, corners included, is inside.
  stack_.assign(1, 0);
  mask_[0] = 2;
  while (!stack_.empty()) {
    const int p = stack_.back();
    stack_.pop_back();
    const int x = p % width_, y = p / width_;
    for (int ny = std::max(0, y - 1); ny <= std::min(height_ - 1, y + 1); ++ny) {
      for (int nx = std::max(0, x - 1); nx <= std::min(width_ - 1, x + 1); ++nx) {
        if (mask(nx, ny) != 0) continue;
        mask(nx, ny) = 2;
        stack_.push_back(ny * width_ + nx);
      }
    }
  }
  for (std::uint8_t& m : mask_) m = m == 2 ? 0 : 1;
}

void ContourFinder::trace(std::vector<float>& polygon) const {
  // Along the pixels' edges with the pixels to the right, from the first one's top left corner eastwards.
  constexpr int kStepX[4] = {1, 0, -1, 0}, kStepY[4] = {0, 1, 0, -1};
  const auto first = static_cast<int>(std::find(mask_.begin(), mask_.end(), 1) - mask_.begin());
  const int start_x = first % width_, start_y = first / width_;
  const auto inside = [&](int corner_x, int corner_y, int direction, bool right) {
    // The pixel ahead of a corner, to the right or left of the way.
    const int ahead_x = kStepX[direction], ahead_y = kStepY[direction];
    const int side_x = right ? -ahead_y : ahead_y, side_y = right ? ahead_x : -ahead_x;
    return mask(corner_x + (ahead_x + side_x - 1) / 2, corner_y + (ahead_y + side_y - 1) / 2) != 0;
  };
  std::vector<cv::Point> corners;
  int x = start_x, y = start_y, direction = 0;
  do {
    corners.emplace_back(x, y);
    do {
      x += kStepX[direction];
      y += kStepY[direction];
    } while (inside(x, y, direction, true) && !inside(x, y, direction, false));
    direction = (direction + (inside(x, y, direction, true) ? 3 : 1)) % 4;
  } while (x != start_x || y != start_y);
  std::vector<cv::Point> kept;
  cv::approxPolyDP(corners, kept, kPolygonSlackPx, true);
  if (kept.size() < 3) kept = corners;
  polygon.clear();
  for (const cv::Point& p : kept) {
    polygon.push_back(static_cast<float>(left_ + p.x));
    polygon.push_back(static_cast<float>(top_ + p.y));
  }
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
