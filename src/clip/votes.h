// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "clip/pose.h"

namespace capillaryx {

/// A set of pixels of the map, row by row.
struct PixelSet {
  int left = 0, top = 0, width = 0, height = 0;  ///< px of the map
  std::vector<std::uint8_t> inside;              ///< width x height, 0 or 1

  std::int64_t area() const;
  bool holds(int x, int y) const {
    return x >= left && y >= top && x < left + width && y < top + height &&
           inside[static_cast<std::size_t>(y - top) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x - left)] != 0;
  }
  /// Pixels that lie in both.
  std::int64_t overlap(const PixelSet& other) const;
  /// The outline of its largest part, px of the map: x0, y0, x1, y1, ...; holes count as inside.
  std::vector<int> outline() const;
};

/// Where the outlines of one capillary lie, over frames: how many of them cover each cell of 2 x 2 px of the map. The
/// capillary is where at least half of them do.
class OutlineVotes {
 public:
  static constexpr int kCell = 2;          ///< px
  static constexpr int kMostVotes = 4000;  ///< later ones no longer count
  static constexpr int kMostSide = 4096;   ///< cells: outlines that reach further are left out

  /// One vote. `outline` is a polygon, px of the map.
  void add(const std::vector<ClipPoint>& outline);
  void add(const OutlineVotes& other);
  void clear() { *this = OutlineVotes(); }

  int votes() const { return votes_; }
  PixelSet majority() const;
  std::size_t bytes() const { return counts_.capacity() * sizeof(std::uint16_t); }

 private:
  bool make_room(int left, int top, int right, int bottom);

  int left_ = 0, top_ = 0, width_ = 0, height_ = 0;  // cells
  int votes_ = 0;
  std::vector<std::uint16_t> counts_;  // samples of each cell that are covered, 0 .. 4 x votes_
};

}  // namespace capillaryx
