// SPDX-License-Identifier: Apache-2.0
#include "analysis/outline.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace capillaryx {
namespace {

constexpr int kBlockPx = 2;
constexpr int kBlock = kBlockPx * OutlineFinder::kOnePx;  // steps

// a / b rounded up; b is positive.
int ceil_divided(int a, int b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

}  // namespace

bool OutlineFinder::find(const BlockWindow& window, int level, std::vector<std::uint8_t>& mask) {
  int best = 0;
  for (int y = 1; y + 1 < window.height; ++y) {
    const std::uint8_t* const row = mask.data() + window.at(0, y);
    const std::uint8_t* const end = row + window.width - 1;
    const std::uint8_t* at = row + 1;
    while ((at = static_cast<const std::uint8_t*>(std::memchr(at, 1, static_cast<std::size_t>(end - at)))) != nullptr) {
      const int x = static_cast<int>(at - row);
      const int area = trace(mask, window.width, x, y);
      fill(mask, window);
      if (area <= best) continue;
      best = area;
      largest_.swap(edges_);
    }
  }
  if (best == 0) return false;

  constexpr int kOutX[4] = {0, 1, 0, -1}, kOutY[4] = {-1, 0, 1, 0};
  points_.clear();
  for (const Edge& edge : largest_) {
    const int out_x = kOutX[edge.side], out_y = kOutY[edge.side];
    const int in = 2 * window.values[window.at(edge.x, edge.y)] - level;
    const int out = 2 * window.values[window.at(edge.x + out_x, edge.y + out_y)] - level;
    const int way = in > 0 && out < 0 ? (in * kBlock + (in - out) / 2) / (in - out) : kBlock / 2;
    points_.push_back({edge.x * kBlock + kBlock / 2 + out_x * way, edge.y * kBlock + kBlock / 2 + out_y * way});
  }
  return true;
}

// Goes round a piece along its blocks' edges, the piece to the right, from its first block in reading order: into
// edges_. Returns the blocks within.
int OutlineFinder::trace(const std::vector<std::uint8_t>& mask, int width, int first_x, int first_y) {
  constexpr int kStepX[4] = {1, 0, -1, 0}, kStepY[4] = {0, 1, 0, -1};
  const auto is_in = [&mask, width](int x, int y) { return mask[static_cast<std::size_t>(y * width + x)] != 0; };
  edges_.clear();
  int x = first_x, y = first_y, side = 0, area = 0;
  do {
    edges_.push_back({x, y, side});
    if (side == 1) area += x + 1;
    if (side == 3) area -= x;
    const int ahead_x = x + kStepX[side], ahead_y = y + kStepY[side];
    const int out = (side + 3) % 4;  // the way that leads out over this edge
    if (!is_in(ahead_x, ahead_y)) {
      side = (side + 1) % 4;
      continue;
    }
    x = ahead_x;
    y = ahead_y;
    if (!is_in(x + kStepX[out], y + kStepY[out])) continue;
    x += kStepX[out];
    y += kStepY[out];
    side = out;
  } while (x != first_x || y != first_y || side != 0);
  return area;
}

// Sets all blocks within edges_ to 2.
void OutlineFinder::fill(std::vector<std::uint8_t>& mask, const BlockWindow& window) {
  crossings_.clear();
  for (const Edge& edge : edges_) {
    if (edge.side == 1) crossings_.push_back({edge.y, edge.x + 1});
    if (edge.side == 3) crossings_.push_back({edge.y, edge.x});
  }
  sort_crossings(window.height);
  for (std::size_t i = 0; i + 1 < sorted_.size(); i += 2) {
    const auto first = mask.begin() + static_cast<std::ptrdiff_t>(window.at(sorted_[i].column, sorted_[i].row));
    std::fill_n(first, sorted_[i + 1].column - sorted_[i].column, std::uint8_t{2});
  }
}

// crossings_ by row, then by column, into sorted_. A row has only a few.
void OutlineFinder::sort_crossings(int rows) {
  starts_.assign(static_cast<std::size_t>(rows) + 1, 0);
  for (const Crossing& crossing : crossings_) ++starts_[static_cast<std::size_t>(crossing.row) + 1];
  for (std::size_t row = 1; row < starts_.size(); ++row) starts_[row] += starts_[row - 1];
  sorted_.resize(crossings_.size());
  for (const Crossing& crossing : crossings_) {
    sorted_[static_cast<std::size_t>(starts_[static_cast<std::size_t>(crossing.row)]++)] = crossing;
  }
  for (std::size_t i = 1; i < sorted_.size(); ++i) {
    for (std::size_t k = i; k > 0 && sorted_[k].row == sorted_[k - 1].row && sorted_[k].column < sorted_[k - 1].column;
         --k) {
      std::swap(sorted_[k], sorted_[k - 1]);
    }
  }
}

void OutlineFinder::clip(const BlockWindow& window, int frame_width, int frame_height) {
  const auto limit = [](int v, int first, int size) {
    return std::clamp(v, std::max(0, -first) * kOnePx, (size - first) * kOnePx);
  };
  for (Point& p : points_) {
    p = {limit(p.x, window.left, frame_width), limit(p.y, window.top, frame_height)};
  }
}

int OutlineFinder::append_runs(const BlockWindow& window, std::vector<Run>& runs) {
  constexpr int kMiddle = kOnePx / 2;
  crossings_.clear();
  for (std::size_t i = 0; i < points_.size(); ++i) {
    Point from = points_[i], to = points_[i + 1 < points_.size() ? i + 1 : 0];
    if (from.y > to.y) std::swap(from, to);
    const int rise = to.y - from.y;
    const int end = ceil_divided(to.y - kMiddle, kOnePx);
    for (int row = ceil_divided(from.y - kMiddle, kOnePx); row < end; ++row) {
      // The first pixel whose middle is not left of the line.
      const int along = (row * kOnePx + kMiddle - from.y) * (to.x - from.x) + (from.x - kMiddle) * rise;
      crossings_.push_back({row, ceil_divided(along, kOnePx * rise)});
    }
  }
  sort_crossings(kBlockPx * window.height);
  int area_px = 0;
  for (std::size_t i = 0; i + 1 < sorted_.size(); i += 2) {
    const int length = sorted_[i + 1].column - sorted_[i].column;
    if (length == 0) continue;
    runs.push_back({window.left + sorted_[i].column, window.top + sorted_[i].row, length});
    area_px += length;
  }
  return area_px;
}

}  // namespace capillaryx
