// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/component_joiner.h"
#include "analysis/outline.h"
#include "analysis/polygon.h"
#include "analysis/proposer.h"
#include "analysis/rois.h"
#include "capillaryx/frame_result.h"

namespace capillaryx {

/// A contour that was found, and what the finder appended for it: the pieces of `runs` and `points` from first to end.
struct Contour {
  int left = 0, top = 0;  ///< what its points are counted from, px of the frame
  std::int64_t area_px = 0;
  std::size_t first_run = 0, end_run = 0;
  std::size_t first_point = 0, end_point = 0;
};

/// How dark a region is, as the finder measured it: what its contour is drawn from.
struct RegionDarkness {
  int ground = 0, peak = 0;     ///< optical density
  std::size_t first_value = 0;  ///< of what was appended to `values`: optical density in its window
};

/// A region at half of its depth.
struct HalfDepth {
  int depth = 0;  ///< optical density over the ground
  double width_px = 0, length_px = 0;
};

/// Draws the contour of a capillary: where its darkness against the local background falls to half of its depth, as
/// vessel widths are measured (full width at half maximum), less what scattered light adds.
///
/// Darkness is optical density, ln(background / pixel) of the vessel channel, in which blood adds up: of the means of
/// 2x2 px, blurred (blur_window). It is counted from the *ground*: the median of it in a band around the region, as a
/// halo is no part of the vessel; less than 0 where the background came out too dark there.
///
/// A capillary is not equally dark all along, and where it dives it is a dark dot; its *depth* is what all but one in
/// kDepthShare of its places reach, each with the highest of the values nearer than 0.9 of half its width (a square;
/// blurred once more), and at least 0.38 of the peak. The highest of many values is too high where skin and noise make
/// it uneven: as much as kUneven of the robust standard deviation is taken off. What does not reach 0.3 of the peak has
/// no say: the tail of a deep vessel or of a hair that runs into the region is no limb. A vessel that is equally dark
/// all along has its full width at half maximum, whatever its profile.
///
/// Light that scatters beside a vessel darkens its rim, which the ground, measured further out, does not take off: as
/// if it were blurred with a sigma of kScatterSigmaPx, by which what is w px wide at half of its depth is wider than it
/// is: w^2 = v^2 + (2.355 sigma)^2 for Gaussian profiles. Its own width v is where the darkness falls to 2^-((v / w)^2)
/// of the depth: more than half of it, and the more the narrower it is.
///
/// The background follows what is large for its windows, so that in a frame of longer vessels, of a camera that
/// magnifies more, the same vessel is paler at its rim. What a window holds of one goes with the square of its length:
/// where the frame's vessels are typically l px long, the level is 1 - kFollowed ((l / kEvenLengthPx)^2 - 1) times as
/// high, l / kEvenLengthPx being kMostLength at most. Single lengths are too uncertain for it.
///
/// The contour stays inside the region and the 2x2 px next to it; holes belong to it; pieces that are no specks are
/// joined (ComponentJoiner), of others the largest stays. It runs where the darkness between the middles of two 2x2 px
/// is at that level, to 1/OutlineFinder::kOnePx px. There are whole numbers and + - * / on doubles: the same bits on
/// every machine. Threads: one call at a time for an instance. Memory is used again.
class ContourFinder {
 public:
  static constexpr double kScatterSigmaPx = 2.5;
  static constexpr double kUneven = 1.4;
  static constexpr int kDepthShare = 8;
  static constexpr double kEvenLengthPx = 88, kFollowed = 0.12, kMostLength = 1.6;

  /// Fills `darkness`, and appends what draw() needs to `values`. `roi` is one of `proposed`. False where the darkest
  /// place of it is not `min_depth` of optical density over the ground: fainter smudges are no capillaries that anyone
  /// could tell. Nothing is appended then.
  bool measure(const Proposer& proposed, const Roi& roi, double min_depth, RegionDarkness& darkness,
               std::vector<std::int16_t>& values);

  /// Of a region that was measured; `values` are those that measure() appended to.
  HalfDepth half_depth(const Proposer& proposed, const Roi& roi, const RegionDarkness& darkness,
                       std::span<const std::int16_t> values);

  /// Fills `contour` of a region that was measured, in a frame whose capillaries are typically `typical_length_px`
  /// long, and appends the rows of its pixels to `runs` and its line to `points`. False where nothing is left; nothing
  /// is appended then.
  bool draw(const Proposer& proposed, const Roi& roi, const RegionDarkness& darkness, const HalfDepth& half,
            double typical_length_px, std::span<const std::int16_t> values, Contour& contour, std::vector<Run>& runs,
            std::vector<OutlineFinder::Point>& points);

  /// Fills box, polygon and area of `capillary`. `points` are those that draw() appended to.
  void write(const Contour& contour, std::span<const OutlineFinder::Point> points, Capillary& capillary);

 private:
  void read_density(const Proposer& proposed, const Roi& roi);
  void mark_region(const Rois& rois, const Roi& roi);
  int ground_level();
  int highest_inside() const;
  int depth_level(int ground, int peak, int uneven);
  void read_window(const Roi& roi, const Rois& rois, const RegionDarkness& darkness,
                   std::span<const std::int16_t> values);
  void grow_region();
  void mark_above(int level);
  int level_at_quantile(std::size_t count, int share);

  BlockWindow raw_, density_, smooth_;                    // the region's box and what lies around it
  std::vector<std::uint8_t> region_, near_, far_, mask_;  // as density_
  std::vector<std::int16_t> between_, highest_, picked_;
  std::vector<std::int32_t> counts_;  // of values
  std::vector<Run> rows_;             // of the region, blocks of the window
  ComponentJoiner joiner_;
  OutlineFinder outline_;
  PolygonFinder polygon_;
  std::vector<OutlineFinder::Point> corners_;
};

/// Counts the pixels of runs. Threads: one call at a time for an instance. Memory is used again.
class CoveredPixels {
 public:
  /// Pixels that lie in at least one of `runs`.
  std::int64_t count(std::span<const Run> runs);

 private:
  std::vector<Run> by_row_;
  std::vector<int> ends_;  // of each row's runs in by_row_
};

}  // namespace capillaryx
