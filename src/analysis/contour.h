// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "analysis/background.h"
#include "analysis/rois.h"
#include "capillaryx/frame.h"
#include "capillaryx/frame_result.h"

namespace capillaryx {

/// Draws the contour of a capillary: where its darkness against the local background falls to half of its depth, as
/// vessel widths are measured (full width at half maximum).
///
/// Darkness is optical density, ln(background / pixel) of the vessel channel, in which blood adds up, blurred by
/// 1 4 6 4 1. It is counted from the *ground*: the median of it in a band around the region, as a halo is no part of
/// the vessel. A capillary is not equally dark all along, and where it dives it is a dark dot; its *depth* is what nine
/// tenths of it reach: the tenth part of the values over the region, each the highest of those nearer than 0.9 of half
/// its width (a square), and at least 0.35 of the peak. A vessel that is equally dark all along has its full width at
/// half maximum, whatever its profile. The contour stays inside the region; holes belong to it, and of several pieces
/// the largest stays. The polygon runs where the darkness between two pixels is half of the depth, to 1/kPolygonOne px.
/// Everything is whole numbers: the same bits on every machine.
/// Threads: one call at a time for an instance. Memory is used again.
class ContourFinder {
 public:
  static constexpr int kPolygonOne = 8;

  /// Fills box, polygon and area of `capillary`, and appends the rows of its pixels to `runs`. `roi` is one of `rois`,
  /// which were found in `frame`. False where nothing is left, or where the darkest place of it (a mean of 2x2 px) is
  /// not `min_depth` of optical density over the ground: fainter smudges are no capillaries that anyone could tell.
  bool find(const PixelView& frame, const Background& background, const Rois& rois, const Roi& roi, double min_depth,
            Capillary& capillary, std::vector<Run>& runs);

 private:
  /// Of a pixel: above (side 0), right of (1), below (2), left of (3) it.
  struct Edge {
    int x, y, side;
  };
  void measure(const PixelView& frame, const Background& background);
  void mark_region(const Rois& rois, const Roi& roi);
  int ground_level();
  int depth_level(int ground, int& peak);
  int half_width();
  void mark_inside(const Rois& rois, const Roi& roi, int level);
  bool trace_largest();
  int trace(int first_x, int first_y, std::vector<Edge>& outline) const;
  void fill(const std::vector<Edge>& outline, std::uint8_t value);
  void write_polygon(const PixelView& frame, int level, Capillary& capillary);
  std::size_t at(int x, int y) const { return static_cast<std::size_t>(y * width_ + x); }

  // A window of the frame: the region's box and a margin, so that what lies around it is seen. Its sides are even:
  // regions are made of blocks of 2x2 px.
  int left_ = 0, top_ = 0, width_ = 0, height_ = 0, blocks_x_ = 0, blocks_y_ = 0;
  std::vector<std::int16_t> behind_, line_;
  std::vector<std::int32_t> sums_;
  std::vector<std::int16_t> density_;                      // pixels
  std::vector<std::uint8_t> region_, near_, far_, steps_;  // blocks
  std::vector<std::int16_t> highest_, values_;             // blocks
  std::vector<std::uint8_t> mask_;                         // pixels
  std::vector<Edge> outline_, largest_;
  std::vector<std::array<int, 2>> ends_;
};

/// Pixels that lie in at least one of `runs`; sorts them.
std::int64_t covered_px(std::vector<Run>& runs);

}  // namespace capillaryx
