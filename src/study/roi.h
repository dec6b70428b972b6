// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "capillaryx/frame_result.h"

namespace capillaryx {

/// What of a frame's result lies inside a rectangle.
struct RoiPart {
  std::int64_t count = 0;     ///< capillaries whose box has its middle inside
  double area_px = 0;         ///< of contours; a contour across the edge counts by the share of its outline inside
  std::int64_t valid_px = 0;  ///< pixels of the rectangle that the frame has
};

/// `roi`: [x, y, width, height], px. Nothing if the frame is masked in part: which pixels are is not known any more.
std::optional<RoiPart> part_in_roi(const FrameResult& result, const std::array<int, 4>& roi);

}  // namespace capillaryx
