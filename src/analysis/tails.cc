// SPDX-License-Identifier: Apache-2.0
#include "analysis/tails.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "analysis/block_window.h"

namespace capillaryx {
namespace {

constexpr int kThin = 35;  // % of the region's half width
constexpr int kRound = 2;  // px that stay round what is not thin

}  // namespace

// core_: 1 in the region's pixels, `margin` px above and left of which, and one below and right of which, are 0.
void TailCutter::mark(std::span<const Run> rows, int margin) {
  int left = rows.front().x, right = left;
  for (const Run& run : rows) {
    left = std::min(left, run.x);
    right = std::max(right, run.x + run.length);
  }
  left_ = left - margin;
  top_ = rows.front().y - margin;
  width_ = right - left_ + 1;
  core_.assign(static_cast<std::size_t>(rows.back().y - top_ + 2) * static_cast<std::size_t>(width_), 0);
  for (const Run& run : rows) {
    std::memset(core_.data() + (run.y - top_) * width_ + run.x - left_, 1, static_cast<std::size_t>(run.length));
  }
}

// kThin of the half width of what core_ holds. It is used up.
int TailCutter::half_side() {
  for (int half_side = 0, have = 1;; ++half_side) {
    // Where a square of this side has room, the half width is enough for the next half side.
    const int side = 2 * ((100 * (half_side + 1) + kThin - 1) / kThin) - 1;
    lowest_of_squares(core_, width_, have, side);
    if (std::memchr(core_.data(), 1, core_.size()) == nullptr) return half_side;
    have = side;
  }
}

bool TailCutter::cut(std::span<const Run> rows, std::vector<Run>& left_over) {
  mark(rows, 1);
  const int half_side = this->half_side();
  if (half_side == 0) return false;
  const int margin = 2 * half_side + kRound;
  mark(rows, margin);
  lowest_of_squares(core_, width_, 1, 2 * half_side + 1);
  highest_of_squares(core_, width_, 1, 2 * (half_side + kRound) + 1);
  // A square's value stands where its first corner is.
  const auto stays = [&](const Run& run) {
    return core_.data() + (run.y - top_ - margin) * width_ + run.x - left_ - margin;
  };
  const auto stays_whole = [&](const Run& run) {
    return std::memchr(stays(run), 0, static_cast<std::size_t>(run.length)) == nullptr;
  };
  if (std::all_of(rows.begin(), rows.end(), stays_whole)) return false;
  left_over.clear();
  for (const Run& run : rows) {
    const std::uint8_t *const begin = stays(run), *const end = begin + run.length;
    for (const std::uint8_t* at = begin; (at = std::find(at, end, 1)) != end;) {
      const std::uint8_t* const stop = std::find(at, end, 0);
      left_over.push_back({run.x + static_cast<int>(at - begin), run.y, static_cast<int>(stop - at)});
      at = stop;
    }
  }
  return true;
}

}  // namespace capillaryx
