// SPDX-License-Identifier: Apache-2.0
#include "clip/votes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "frame/polygon_rows.h"

namespace capillaryx {
namespace {

template <class OnRun>
void fill(const std::vector<ClipPoint>& outline, const OnRun& on_run) {
  visit_polygon_rows(
      outline.size(), [&](std::size_t i) { return std::pair(outline[i].x, outline[i].y); }, on_run);
}

int floor_half(int value) { return value >= 0 ? value / 2 : -((1 - value) / 2); }

}  // namespace

std::int64_t PixelSet::area() const {
  std::int64_t sum = 0;
  for (const std::uint8_t pixel : inside) sum += pixel;
  return sum;
}

std::int64_t PixelSet::overlap(const PixelSet& other) const {
  const int x0 = std::max(left, other.left);
  const int x1 = std::min(left + width, other.left + other.width);
  const int y1 = std::min(top + height, other.top + other.height);
  std::int64_t both = 0;
  for (int y = std::max(top, other.top); y < y1; ++y) {
    for (int x = x0; x < x1; ++x) both += holds(x, y) && other.holds(x, y) ? 1 : 0;
  }
  return both;
}

/// Follows the edges between pixels, the inside to the right, from each edge above a topmost pixel; the longest line
/// round an area is the outline.
std::vector<int> PixelSet::outline() const {
  std::vector<std::uint8_t> seen(inside.size(), 0);
  std::vector<int> best;
  std::int64_t best_area = 0;
  for (int y = top; y < top + height; ++y) {
    for (int x = left; x < left + width; ++x) {
      const std::size_t place =
          static_cast<std::size_t>(y - top) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x - left);
      if (!holds(x, y) || holds(x, y - 1) || seen[place] != 0) continue;
      // Clockwise: directions right, down, left, up; (px, py) is a corner.
      std::vector<int> line;
      std::int64_t twice_area = 0;
      int px = x;
      int py = y;
      int direction = 0;
      do {
        constexpr std::array<std::array<int, 2>, 4> kStep{{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};
        // The pixels ahead, to the right and to the left of the way.
        constexpr std::array<std::array<int, 2>, 4> kRight{{{0, 0}, {-1, 0}, {-1, -1}, {0, -1}}};
        constexpr std::array<std::array<int, 2>, 4> kLeft{{{0, -1}, {0, 0}, {-1, 0}, {-1, -1}}};
        const auto d = static_cast<std::size_t>(direction);
        if (direction == 0 && px < left + width && py >= top && py < top + height && px >= left) {
          seen[static_cast<std::size_t>(py - top) * static_cast<std::size_t>(width) +
               static_cast<std::size_t>(px - left)] = 1;
        }
        const int nx = px + kStep[d][0];
        const int ny = py + kStep[d][1];
        twice_area += std::int64_t{px} * ny - std::int64_t{nx} * py;
        px = nx;
        py = ny;
        const bool right = holds(px + kRight[d][0], py + kRight[d][1]);
        const bool ahead_left = holds(px + kLeft[d][0], py + kLeft[d][1]);
        const int turned = !right ? (direction + 1) % 4 : ahead_left ? (direction + 3) % 4 : direction;
        if (turned != direction) line.insert(line.end(), {px, py});
        direction = turned;
      } while (px != x || py != y || direction != 0);
      if (twice_area > best_area) {
        best_area = twice_area;
        best = std::move(line);
      }
    }
  }
  return best;
}

bool OutlineVotes::make_room(int left, int top, int right, int bottom) {
  if (!counts_.empty()) {
    left = std::min(left, left_);
    top = std::min(top, top_);
    right = std::max(right, left_ + width_);
    bottom = std::max(bottom, top_ + height_);
    if (left == left_ && top == top_ && right == left_ + width_ && bottom == top_ + height_) return true;
  }
  const int width = right - left;
  const int height = bottom - top;
  if (width <= 0 || height <= 0 || width > kMostSide || height > kMostSide) return false;
  std::vector<std::uint16_t> larger(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 0);
  for (int y = 0; y < height_; ++y) {
    const auto from = counts_.begin() + static_cast<std::ptrdiff_t>(y) * width_;
    std::copy(from, from + width_, larger.begin() + static_cast<std::ptrdiff_t>(y + top_ - top) * width + left_ - left);
  }
  counts_ = std::move(larger);
  left_ = left;
  top_ = top;
  width_ = width;
  height_ = height;
  return true;
}

void OutlineVotes::add(const std::vector<ClipPoint>& outline) {
  if (outline.size() < 3 || votes_ >= kMostVotes) return;
  double x0 = std::numeric_limits<double>::max();
  double x1 = std::numeric_limits<double>::lowest();
  double y0 = x0;
  double y1 = x1;
  for (const ClipPoint& point : outline) {
    x0 = std::min(x0, point.x);
    x1 = std::max(x1, point.x);
    y0 = std::min(y0, point.y);
    y1 = std::max(y1, point.y);
  }
  constexpr double kFar = 1e8;
  if (!(x0 > -kFar && x1 < kFar && y0 > -kFar && y1 < kFar)) return;
  if (!make_room(floor_half(static_cast<int>(std::floor(x0))), floor_half(static_cast<int>(std::floor(y0))),
                 floor_half(static_cast<int>(std::floor(x1))) + 1, floor_half(static_cast<int>(std::floor(y1))) + 1)) {
    return;
  }
  ++votes_;
  fill(outline, [this](int y, int from, int to) {
    std::uint16_t* row = counts_.data() + static_cast<std::ptrdiff_t>(floor_half(y) - top_) * width_;
    for (int x = from; x < to; ++x) ++row[floor_half(x) - left_];
  });
}

void OutlineVotes::add(const OutlineVotes& other) {
  if (other.counts_.empty() || votes_ + other.votes_ > kMostVotes) return;
  if (!make_room(other.left_, other.top_, other.left_ + other.width_, other.top_ + other.height_)) return;
  votes_ += other.votes_;
  for (int y = 0; y < other.height_; ++y) {
    for (int x = 0; x < other.width_; ++x) {
      counts_[static_cast<std::size_t>(y + other.top_ - top_) * static_cast<std::size_t>(width_) +
              static_cast<std::size_t>(x + other.left_ - left_)] +=
          other.counts_[static_cast<std::size_t>(y) * static_cast<std::size_t>(other.width_) +
                        static_cast<std::size_t>(x)];
    }
  }
}

/// The cells' counts, linear between their middles, at the middles of pixels.
PixelSet OutlineVotes::majority() const {
  PixelSet set;
  if (counts_.empty()) return set;
  set.left = left_ * kCell - 1;
  set.top = top_ * kCell - 1;
  set.width = (width_ + 1) * kCell;
  set.height = (height_ + 1) * kCell;
  set.inside.resize(static_cast<std::size_t>(set.width) * static_cast<std::size_t>(set.height));
  const auto count = [this](int x, int y) -> int {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return 0;
    return counts_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)];
  };
  for (int y = 0; y < set.height; ++y) {
    // The pixel's middle is a quarter of a cell from that of the cell it lies in.
    const int cy = floor_half(y - 1);
    const int other_y = (y - 1) - 2 * cy == 0 ? cy - 1 : cy + 1;
    for (int x = 0; x < set.width; ++x) {
      const int cx = floor_half(x - 1);
      const int other_x = (x - 1) - 2 * cx == 0 ? cx - 1 : cx + 1;
      const int sum = 9 * count(cx, cy) + 3 * count(other_x, cy) + 3 * count(cx, other_y) + count(other_x, other_y);
      // 16 parts of at most 4 samples of each vote.
      set.inside[static_cast<std::size_t>(y) * static_cast<std::size_t>(set.width) + static_cast<std::size_t>(x)] =
          sum >= 32 * votes_ ? 1 : 0;
    }
  }
  return set;
}

}  // namespace capillaryx
