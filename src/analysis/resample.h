// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "capillaryx/frame.h"

namespace capillaryx {

/// Changes the size of a picture: separable, a triangle as wide as a pixel of the coarser grid (linear interpolation
/// when it grows, a weighted mean when it shrinks), whole-number weights, the nearest pixel beyond the edges. The same
/// bits on every machine.
/// Threads: one call at a time for an instance. Memory is used again.
class Resampler {
 public:
  /// `frame` has 1 or 3 channels and at least one pixel; `width` and `height` are at least 1. The pixels stay valid
  /// until the next call.
  PixelView resample(const PixelView& frame, int width, int height);

 private:
  /// What one target pixel takes: `weights`, which sum to 1 << kShift, from pixel `first` on.
  struct Taps {
    int first = 0;
    std::size_t begin = 0, end = 0;  // in weights
  };
  struct Axis {
    std::vector<Taps> taps;
    std::vector<std::int32_t> weights;
    void fill(int from, int to);
  };
  Axis across_, down_;
  std::vector<std::int32_t> row_;     // of the frame's width
  std::vector<std::uint8_t> pixels_;  // of the result
};

}  // namespace capillaryx
