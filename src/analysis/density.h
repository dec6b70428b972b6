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

/// The last stage: contours of the regions that are capillaries, and the density that they make.
/// Threads: one call at a time for an instance. Memory is used again.
class DensityStage {
 public:
  /// Fills size, capillaries, valid_px and density of `result`. A region i is a capillary where `score_of(i)` is not
  /// under `least_score` and its contour is at least `min_depth` of optical density deep. Paper, III-A: density is the
  /// pixels within the contours, each counted once, over all pixels.
  template <class ScoreOf>
  void measure(const PixelView& frame, const Proposer& proposed, double min_depth, double least_score,
               const ScoreOf& score_of, FrameResult& result) {
    result.width = frame.width;
    result.height = frame.height;
    result.valid_px = static_cast<std::int64_t>(frame.width) * frame.height;
    runs_.clear();
    for (std::size_t i = 0; i < proposed.found.rois.size(); ++i) {
      Capillary capillary;
      capillary.score = score_of(i);
      if (capillary.score < least_score) continue;
      if (contours_.find(frame, proposed.background, proposed.found, proposed.found.rois[i], min_depth, capillary,
                         runs_)) {
        result.capillaries.push_back(std::move(capillary));
      }
    }
    result.density = static_cast<double>(covered_px(runs_)) / static_cast<double>(result.valid_px);
  }

 private:
  ContourFinder contours_;
  std::vector<Run> runs_;
};

}  // namespace capillaryx
