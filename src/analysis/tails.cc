// SPDX-License-Identifier: Apache-2.0
#include "analysis/tails.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "analysis/block_window.h"

namespace capillaryx {
namespace {

constexpr int kThin = 35;      // % of the region's half width
constexpr int kRound = 2;      // px that stay round what is not thin
constexpr int kDeepest = 255;  // px; regions are smaller

}  // namespace

// region_: 1 in the region's pixels, `margin` px above and left of which, and one below and right of which, are 0.
void TailCutter::mark(const std::vector<Run>& rows, int margin) {
  int left = rows.front().x, right = left;
  for (const Run& run : rows) {
    left = std::min(left, run.x);
    right = std::max(right, run.x + run.length);
  }
  left_ = left - margin;
  top_ = rows.front().y - margin;
  width_ = right - left_ + 1;
  region_.assign(static_cast<std::size_t>(rows.back().y - top_ + 2) * static_cast<std::size_t>(width_), 0);
  for (const Run& run : rows) {
    std::memset(region_.data() + (run.y - top_) * width_ + run.x - left_, 1, static_cast<std::size_t>(run.length));
  }
}

bool TailCutter::cut(std::vector<Run>& rows) {
  mark(rows, 1);
  const int half_side = kThin * half_width_of(region_, width_, kDeepest, scratch_) / 100;
  if (half_side == 0) return false;
  mark(rows, 2 * half_side + kRound);
  // A square's first corner, where its highest value stands, lies before its middle.
  core_.resize(region_.size());
  for (std::size_t i = 0; i < region_.size(); ++i) core_[i] = region_[i] ^ 1U;
  highest_of_squares(core_, width_, 1, 2 * half_side + 1);
  for (std::uint8_t& outside : core_) outside ^= 1U;
  highest_of_squares(core_, width_, 1, 2 * (half_side + kRound) + 1);
  const std::uint8_t* const stays = core_.data() - (2 * half_side + kRound) * (width_ + 1);
  left_over_.clear();
  bool anything_cut = false;
  for (const Run& run : rows) {
    const std::uint8_t* const begin = stays + (run.y - top_) * width_ + run.x - left_;
    const std::uint8_t* const end = begin + run.length;
    for (const std::uint8_t* at = begin; (at = std::find(at, end, 1)) != end;) {
      const std::uint8_t* const stop = std::find(at, end, 0);
      left_over_.push_back({run.x + static_cast<int>(at - begin), run.y, static_cast<int>(stop - at)});
      anything_cut |= stop - at != run.length;
      at = stop;
    }
    anything_cut |= std::find(begin, end, 1) == end;
  }
  if (anything_cut) rows.swap(left_over_);
  return anything_cut;
}

}  // namespace capillaryx
