// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "analysis/contour.h"
#include "analysis/proposer.h"
#include "capillaryx/frame.h"
#include "capillaryx/frame_result.h"

namespace capillaryx {

/// Contours of the regions, and the density that those of them make that are capillaries.
/// Threads: one call at a time for an instance. Memory is used again.
class DensityStage {
 public:
  /// Draws the contour of every region. A region without one, or whose darkest place is not `min_depth` of optical
  /// density deep, is no capillary whatever a classifier says of it.
  void draw_contours(const Proposer& proposed, double min_depth) {
    rois_.clear();
    contours_.clear();
    runs_.clear();
    points_.clear();
    places_.assign(proposed.found.rois.size(), -1);
    for (const Roi& roi : proposed.found.rois) {
      Contour contour;
      if (!finder_.find(proposed, roi, min_depth, contour, runs_, points_)) continue;
      contours_.push_back(contour);
      places_[static_cast<std::size_t>(&roi - proposed.found.rois.data())] = static_cast<int>(rois_.size());
      rois_.push_back(roi);
    }
    for (Roi& roi : rois_) roi.within = place_around(proposed.found.rois, roi.within, places_);
  }

  /// The regions that have a contour, in their order.
  const std::vector<Roi>& rois() const { return rois_; }

  /// Fills size, capillaries, valid_px and density of `result`; once for the contours drawn. Region i of rois() is a
  /// capillary where `score_of(i)` is not under `least_score`. Paper, III-A: density is the pixels within the contours,
  /// each counted once, over all pixels.
  template <class ScoreOf>
  void measure(const PixelView& frame, double least_score, const ScoreOf& score_of, FrameResult& result) {
    result.width = frame.width;
    result.height = frame.height;
    result.valid_px = static_cast<std::int64_t>(frame.width) * frame.height;
    accepted_runs_.clear();
    for (std::size_t i = 0; i < contours_.size(); ++i) {
      const double score = score_of(i);
      if (score < least_score) continue;
      const Contour& contour = contours_[i];
      Capillary& capillary = result.capillaries.emplace_back();
      capillary.score = score;
      write_capillary(contour, points_, capillary);
      accepted_runs_.insert(accepted_runs_.end(), runs_.begin() + static_cast<std::ptrdiff_t>(contour.first_run),
                            runs_.begin() + static_cast<std::ptrdiff_t>(contour.end_run));
    }
    result.density = static_cast<double>(covered_.count(accepted_runs_)) / static_cast<double>(result.valid_px);
  }

 private:
  ContourFinder finder_;
  std::vector<Roi> rois_;
  std::vector<int> places_;  // of the regions that were proposed, in rois_; or -1
  std::vector<Contour> contours_;
  std::vector<Run> runs_, accepted_runs_;
  std::vector<OutlineFinder::Point> points_;
  CoveredPixels covered_;
};

}  // namespace capillaryx
