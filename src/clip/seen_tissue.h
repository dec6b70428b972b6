// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "clip/pose.h"
#include "clip/votes.h"

namespace capillaryx {

/// The tissue that the frames of a clip show, in cells of the map.
class SeenTissue {
 public:
  static constexpr int kCell = 8;  ///< px

  /// `width`, `height`: of the frames, px.
  SeenTissue(int width, int height) : width_(width), height_(height) {}

  void add(std::span<const Pose> poses);

  std::int64_t seen_px() const;
  std::array<int, 4> extent() const { return extent_; }

  /// Whether a frame at `pose` shows at least nine tenths of a box (left, top, right, bottom on the map).
  bool in_view(const Pose& pose, const std::array<double, 4>& box) const;

  /// What both the first and the second half of the poses show.
  struct Halves {
    int left = 0, top = 0, width = 0, height = 0;  ///< cells
    std::vector<std::uint8_t> cells;               ///< 3: both
    std::int64_t px = 0;
    bool both(double x, double y) const;
  };
  Halves halves(std::span<const Pose> poses) const;

 private:
  void find_extent(std::span<const Pose> poses);
  void mark(std::span<const Pose> poses, std::uint8_t bit, std::vector<std::uint8_t>& cells) const;

  int width_, height_;
  std::array<int, 4> extent_{};
  int left_ = 0, top_ = 0, columns_ = 0, rows_ = 0;  // cells
  std::vector<std::uint8_t> cells_;
};

/// Pixels of the map that lie in at least one of `shapes`.
std::int64_t covered_px(const std::vector<PixelSet>& shapes);

}  // namespace capillaryx
