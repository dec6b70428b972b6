// SPDX-License-Identifier: Apache-2.0
#pragma once

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
/// The depth is that of the place: the highest darkness of the region within half its width (a square), and at least
/// kLeastDepth of the region's peak, as parts of one capillary differ in darkness; all of it counted from the median
/// darkness around the region, as a halo is not part of the vessel. Darkness is that of the frame's own
/// pixels, blurred by 1 2 1. The contour stays inside the region; holes belong to it, and of several pieces the largest
/// stays. The box lies a quarter of the way from the region's to the contour's: people draw boxes around the foot of a
/// blurred vessel (docs/analysis.md has the measurement).
/// Threads: one call at a time for an instance. Memory is used again.
class ContourFinder {
 public:
  static constexpr int kLeastReachPx = 4;
  static constexpr int kMostReachPx = 24;
  static constexpr float kLeastDepth = 0.35F;
  static constexpr int kMarginPx = 8;  ///< around the region's box

  /// Fills box, polygon and area of `capillary`, and appends the rows of its pixels to `runs`. `roi` is one of `rois`,
  /// which were found in `frame`. False where nothing is left.
  bool find(const PixelView& frame, const Background& background, const Rois& rois, const Roi& roi,
            Capillary& capillary, std::vector<Run>& runs);

 private:
  void measure(const PixelView& frame, const Background& background);
  std::int16_t ground_level();
  void mark_region(const Rois& rois, const Roi& roi);
  bool keep_largest_piece();
  void fill_holes();
  void trace(std::vector<float>& polygon) const;
  std::uint8_t& mask(int x, int y) { return mask_[static_cast<std::size_t>(y * width_ + x)]; }
  std::uint8_t mask(int x, int y) const { return mask_[static_cast<std::size_t>(y * width_ + x)]; }

  // A window of the frame: the region's box and a margin, so that what lies around it is seen.
  int left_ = 0, top_ = 0, width_ = 0, height_ = 0;
  std::vector<std::int16_t> behind_;
  std::vector<std::int32_t> line_;
  std::vector<std::int16_t> darkness_, steady_, across_, depth_, around_;
  std::vector<std::uint8_t> mask_;
  std::vector<int> stack_, piece_, largest_;
};

/// Pixels that lie in at least one of `runs`; sorts them.
std::int64_t covered_px(std::vector<Run>& runs);

}  // namespace capillaryx
