// SPDX-License-Identifier: Apache-2.0
#include "clip/seen_tissue.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace capillaryx {
namespace {

// A clip that wanders further is measured in its first part alone.
constexpr int kMostCells = 1 << 14;

}  // namespace

void SeenTissue::find_extent(std::span<const Pose> poses) {
  double x0 = std::numeric_limits<double>::max(), y0 = x0;
  double x1 = std::numeric_limits<double>::lowest(), y1 = x1;
  for (const Pose& pose : poses) {
    for (const double x : {0.0, double(width_)}) {
      for (const double y : {0.0, double(height_)}) {
        const ClipPoint corner = pose.to_map({x, y}, {width_ / 2.0, height_ / 2.0});
        x0 = std::min(x0, corner.x);
        x1 = std::max(x1, corner.x);
        y0 = std::min(y0, corner.y);
        y1 = std::max(y1, corner.y);
      }
    }
  }
  if (poses.empty()) x0 = x1 = y0 = y1 = 0;
  extent_ = {static_cast<int>(std::floor(x0)), static_cast<int>(std::floor(y0)), 0, 0};
  extent_[2] = static_cast<int>(std::ceil(x1)) - extent_[0];
  extent_[3] = static_cast<int>(std::ceil(y1)) - extent_[1];
  left_ = static_cast<int>(std::floor(x0 / kCell));
  top_ = static_cast<int>(std::floor(y0 / kCell));
  columns_ = std::min(kMostCells, static_cast<int>(std::ceil(x1 / kCell)) - left_);
  rows_ = std::min(kMostCells, static_cast<int>(std::ceil(y1 / kCell)) - top_);
}

/// Sets `bit` of each cell whose middle one of the frames shows.
void SeenTissue::mark(std::span<const Pose> poses, std::uint8_t bit, std::vector<std::uint8_t>& cells) const {
  const ClipPoint middle{width_ / 2.0, height_ / 2.0};
  for (const Pose& pose : poses) {
    // Only the cells within reach of the frame, which is turned by little.
    const ClipPoint at = pose.to_map(middle, middle);
    const double turned = std::abs(pose.sine());
    const double reach_x = width_ / 2.0 + turned * height_ / 2.0;
    const double reach_y = height_ / 2.0 + turned * width_ / 2.0;
    const int first_x = std::max(0, static_cast<int>(std::floor((at.x - reach_x) / kCell)) - left_);
    const int end_x = std::min(columns_, static_cast<int>(std::ceil((at.x + reach_x) / kCell)) - left_);
    const int first_y = std::max(0, static_cast<int>(std::floor((at.y - reach_y) / kCell)) - top_);
    const int end_y = std::min(rows_, static_cast<int>(std::ceil((at.y + reach_y) / kCell)) - top_);
    for (int y = first_y; y < end_y; ++y) {
      std::uint8_t* row = cells.data() + static_cast<std::ptrdiff_t>(y) * columns_;
      for (int x = first_x; x < end_x; ++x) {
        if ((row[x] & bit) != 0) continue;
        const ClipPoint pixel = pose.to_frame({(left_ + x + 0.5) * kCell, (top_ + y + 0.5) * kCell}, middle);
        if (pixel.x >= 0 && pixel.y >= 0 && pixel.x < width_ && pixel.y < height_) row[x] |= bit;
      }
    }
  }
}

void SeenTissue::add(std::span<const Pose> poses) {
  find_extent(poses);
  cells_.assign(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_), 0);
  mark(poses, 1, cells_);
}

std::int64_t SeenTissue::seen_px() const {
  return std::count(cells_.begin(), cells_.end(), 1) * std::int64_t{kCell} * kCell;
}

bool SeenTissue::in_view(const Pose& pose, const std::array<double, 4>& box) const {
  const ClipPoint at = pose.to_frame({(box[0] + box[2]) / 2, (box[1] + box[3]) / 2}, {width_ / 2.0, height_ / 2.0});
  const double half_width = (box[2] - box[0]) / 2;
  const double half_height = (box[3] - box[1]) / 2;
  const double wide = std::min<double>(width_, at.x + half_width) - std::max(0.0, at.x - half_width);
  const double high = std::min<double>(height_, at.y + half_height) - std::max(0.0, at.y - half_height);
  return wide > 0 && high > 0 && wide * high >= 0.9 * 4 * half_width * half_height;
}

SeenTissue::Halves SeenTissue::halves(std::span<const Pose> poses) const {
  Halves halves{left_, top_, columns_, rows_, {}, 0};
  halves.cells.assign(cells_.size(), 0);
  const std::size_t first = (poses.size() + 1) / 2;
  mark(poses.first(first), 1, halves.cells);
  mark(poses.subspan(first), 2, halves.cells);
  halves.px = std::count(halves.cells.begin(), halves.cells.end(), 3) * std::int64_t{kCell} * kCell;
  return halves;
}

bool SeenTissue::Halves::both(double x, double y) const {
  const int cx = static_cast<int>(std::floor(x / kCell)) - left;
  const int cy = static_cast<int>(std::floor(y / kCell)) - top;
  if (cx < 0 || cy < 0 || cx >= width || cy >= height) return false;
  return cells[static_cast<std::size_t>(cy) * static_cast<std::size_t>(width) + static_cast<std::size_t>(cx)] == 3;
}

std::int64_t covered_px(const std::vector<PixelSet>& shapes) {
  std::int64_t covered = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const PixelSet& shape = shapes[i];
    std::vector<const PixelSet*> before;
    for (std::size_t k = 0; k < i; ++k) {
      const PixelSet& other = shapes[k];
      if (other.left < shape.left + shape.width && shape.left < other.left + other.width &&
          other.top < shape.top + shape.height && shape.top < other.top + other.height) {
        before.push_back(&other);
      }
    }
    if (before.empty()) {
      covered += shape.area();
      continue;
    }
    for (int y = shape.top; y < shape.top + shape.height; ++y) {
      for (int x = shape.left; x < shape.left + shape.width; ++x) {
        const auto holds = [x, y](const PixelSet* other) { return other->holds(x, y); };
        if (shape.holds(x, y) && std::none_of(before.begin(), before.end(), holds)) ++covered;
      }
    }
  }
  return covered;
}

}  // namespace capillaryx
