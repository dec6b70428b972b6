// SPDX-License-Identifier: Apache-2.0
#include "analysis/tails.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>

#include "analysis/block_window.h"

namespace capillaryx {
namespace {

constexpr int kThin = 35;  // % of the region's half width
constexpr int kRound = 2;  // px that stay round what is not thin
constexpr int kDeepest = std::numeric_limits<int>::max();

// The half side of the squares that fit a region of this half width.
constexpr int half_side_for(int half_width) { return kThin * half_width / 100; }

// How far before a pixel the value stands that says whether it stays: a square's value stands where its first corner
// is.
constexpr int margin_for(int half_side) { return 2 * half_side + kRound; }

}  // namespace

// region_: 1 in the region's pixels, with a margin of 0 that is wide enough whatever its half width.
void TailCutter::mark(std::span<const Run> rows) {
  int left = rows.front().x, right = left;
  for (const Run& run : rows) {
    left = std::min(left, run.x);
    right = std::max(right, run.x + run.length);
  }
  const int height = rows.back().y - rows.front().y + 1;
  const int margin = margin_for(half_side_for((std::min(right - left, height) + 1) / 2));
  left_ = left - margin;
  top_ = rows.front().y - margin;
  width_ = right - left_ + 1;
  region_.assign(static_cast<std::size_t>(margin + height + 1) * static_cast<std::size_t>(width_), 0);
  for (const Run& run : rows) {
    std::memset(region_.data() + (run.y - top_) * width_ + run.x - left_, 1, static_cast<std::size_t>(run.length));
  }
}

bool TailCutter::cut(std::span<const Run> rows, std::vector<Run>& left_over) {
  mark(rows);
  const int half_side = half_side_for(half_width_of(region_, width_, kDeepest, squares_));
  if (half_side == 0) return false;
  squares_ = region_;
  lowest_of_squares(squares_, width_, 1, 2 * half_side + 1);
  highest_of_squares(squares_, width_, 1, 2 * (half_side + kRound) + 1);
  const std::ptrdiff_t before = std::ptrdiff_t{margin_for(half_side)} * (width_ + 1);
  unsigned lost = 0;
  for (auto i = before; i < static_cast<std::ptrdiff_t>(region_.size()); ++i) {
    lost |= region_[static_cast<std::size_t>(i)] & ~unsigned{squares_[static_cast<std::size_t>(i - before)]};
  }
  if (lost == 0) return false;
  left_over.clear();
  for (const Run& run : rows) {
    const std::uint8_t* const begin = squares_.data() + (run.y - top_) * width_ + run.x - left_ - before;
    const std::uint8_t* const end = begin + run.length;
    for (const std::uint8_t* at = begin; (at = std::find(at, end, 1)) != end;) {
      const std::uint8_t* const stop = std::find(at, end, 0);
      left_over.push_back({run.x + static_cast<int>(at - begin), run.y, static_cast<int>(stop - at)});
      at = stop;
    }
  }
  return true;
}

}  // namespace capillaryx
