// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "analysis/rois.h"

namespace capillaryx {

/// Chooses between regions and those that they are within (Roi::within), which are readings of the same place.
///
/// A joined region stays where it is at least as sure as what it was joined of, together: the eighth root of the sum of
/// their scores' eighth powers, which is little more than the surest of them, as pieces of one capillary are often half
/// sure. What was joined once more counts with whichever reading of it is surer. No pixel belongs to two that stay.
/// Threads: one call at a time for an instance. Memory is used again.
class RegionChoice {
 public:
  static constexpr float kNoRegion = -1;  ///< the score of a region that is as if it were not there

  /// `scores` has one, 0 to 1 or kNoRegion, for each of `rois`.
  void choose(std::span<const Roi> rois, std::span<const float> scores);

  bool stays(std::size_t region) const { return stays_[region] != 0; }

 private:
  std::vector<float> parts_;  // sum of eighth powers of what a region was joined of
  std::vector<int> waiting_;  // how many of those are not in order_ yet
  std::vector<int> order_;    // what a region was joined of comes before it
  std::vector<char> stays_, inside_;
};

}  // namespace capillaryx
