// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>

#include "capillaryx/frame.h"
#include "capillaryx/frame_result.h"
#include "quality/bands.h"
#include "quality/cells.h"
#include "quality/landmarks.h"
#include "quality/mask.h"
#include "quality/sharpness.h"

namespace capillaryx {

/// Measures the quality of frames; docs/quality.md defines the measures. Whole numbers decide: the same on every
/// machine. Threads: one call at a time for an instance. Memory is used again.
class QualityMeter {
 public:
  /// `roi`: x, y, width, height of the region of interest, px.
  explicit QualityMeter(std::optional<std::array<int, 4>> roi = std::nullopt) : roi_(roi) {}

  /// Completes an analysed frame: takes what is masked out of it, and fills in its quality and landmarks.
  void complete(const PixelView& frame, FrameResult& result);

 private:
  void measure_light(FrameQuality& quality);
  void measure_contrast(const FrameResult& result, FrameQuality& quality);

  std::optional<std::array<int, 4>> roi_;
  Cells cells_;
  Bands bands_;
  FrameMask mask_;
  SharpnessMeter sharpness_;
  LandmarkFinder landmarks_;
  std::vector<int> values_;
};

/// Sets `usable` and `reasons` from the measures, by the limits in quality/limits.h.
void judge(FrameQuality& quality);

}  // namespace capillaryx
