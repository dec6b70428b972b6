// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "analysis/aligned_vector.h"
#include "capillaryx/frame.h"

namespace capillaryx {

/// A frame at half its size: every value is the sum of 2x2 pixels (0..1020). What proposes regions works on it: a
/// capillary's limb is 5 px wide or more, pixel noise falls to half, and the work to a quarter.
/// An odd last row or column is left out. Memory is used again.
struct ReducedFrame {
  int frame_width = 0, frame_height = 0;  ///< of the frame, px
  int width = 0, height = 0;              ///< half of it, rounded down
  int channels = 0;                       ///< 1 (grey, or red, green and blue equal everywhere) or 3
  std::array<AlignedVector<std::int16_t>, 3> planes;

  const std::int16_t* row(int channel, int y) const {
    return planes[static_cast<std::size_t>(channel)].data() + static_cast<std::ptrdiff_t>(y) * width;
  }
};

/// Fills `reduced` from a frame's pixels. A colour frame whose channels are equal everywhere becomes a grey one, so
/// that the same picture gives the same result however it was stored.
void reduce_frame(const PixelView& frame, ReducedFrame& reduced);

}  // namespace capillaryx
