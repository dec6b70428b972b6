// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/choice.h"
#include "analysis/contour.h"
#include "analysis/proposer.h"
#include "capillaryx/frame.h"
#include "capillaryx/frame_result.h"

namespace capillaryx {

/// The regions that are deep enough for a capillary, contours of those that are taken for one, and the density that
/// these make. In this order: measure_regions, draw_chosen, write.
/// Threads: one call at a time for an instance. Memory is used again.
class DensityStage {
 public:
  /// Measures every region. One whose darkest place is not `min_depth` of optical density deep is no capillary
  /// whatever a classifier says of it.
  void measure_regions(const Proposer& proposed, double min_depth);

  /// The regions that are deep enough, in their order.
  const std::vector<Roi>& rois() const { return rois_; }

  /// Chooses between readings of a place by `scores`, one for each of rois(), and draws the contours of those that stay
  /// with `least_score` or more; how long these are is what is typical of the frame. One that has none is no reading of
  /// its place: its score becomes kNoRegion, and the choice is made again.
  void draw_chosen(const Proposer& proposed, double least_score, std::vector<float>& scores);

  /// Appends the regions of rois() that were refused for their score, in their order: of nested ones the one that the
  /// choice left, and none inside or around a chosen one. After draw_chosen().
  void write_refused(const std::vector<float>& scores, std::vector<Candidate>& candidates) const;

  /// The numbers of those in rois().
  const std::vector<std::size_t>& chosen() const { return chosen_; }

  /// Draws the contour of a region of rois(), before draw_chosen() as in a frame of vessels of kEvenLengthPx. False
  /// where it has none.
  bool draw(const Proposer& proposed, std::size_t region);

  /// The median width of the chosen at half of their depth; 0 without any.
  double typical_width_px() const;

  /// Fills box, polygon and area of `capillary` from the contour of a region, which has been drawn.
  void write_contour(std::size_t region, Capillary& capillary) { finder_.write(contours_[region], points_, capillary); }

  /// Fills size, capillaries, valid_px and density of `result` from the chosen; `score_of(i)` is that of region i of
  /// rois(). Paper, III-A: density is the pixels within the contours, each counted once, over all pixels.
  template <class ScoreOf>
  void write(const PixelView& frame, const ScoreOf& score_of, FrameResult& result) {
    result.width = frame.width;
    result.height = frame.height;
    result.valid_px = static_cast<std::int64_t>(frame.width) * frame.height;
    for (const std::size_t region : chosen_) {
      Capillary& capillary = result.capillaries.emplace_back();
      capillary.score = score_of(region);
      write_contour(region, capillary);
    }
    result.density = static_cast<double>(count_covered()) / static_cast<double>(result.valid_px);
  }

 private:
  enum class Drawing : std::uint8_t { kNotYet, kNone, kDrawn };
  const HalfDepth& half_depth(const Proposer& proposed, std::size_t region);
  void choose(double least_score, const std::vector<float>& scores);
  double typical_length_px(const Proposer& proposed);
  std::int64_t count_covered();

  ContourFinder finder_;
  RegionChoice choice_;
  CoveredPixels covered_;
  std::vector<int> kept_index_;  // of the regions that were proposed, in rois_; or -1
  std::vector<Roi> rois_;
  std::vector<std::size_t> chosen_;  // of rois_
  // Of each of rois_.
  std::vector<RegionDarkness> darkness_;
  std::vector<HalfDepth> halves_;  // of depth 0 until they are asked for
  std::vector<Drawing> drawings_;
  std::vector<Contour> contours_;
  // Of all.
  double typical_length_px_ = ContourFinder::kEvenLengthPx;
  std::vector<std::int16_t> values_;
  std::vector<Run> runs_, chosen_runs_;
  std::vector<OutlineFinder::Point> points_;
};

}  // namespace capillaryx
