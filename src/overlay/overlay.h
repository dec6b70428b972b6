// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "capillaryx/frame.h"
#include "capillaryx/frame_result.h"

namespace capillaryx {

/// The frame with a green box and a black contour around each capillary (paper, Fig. 2 f): height x width x 3 bytes,
/// RGB, into memory that is used again.
void draw_overlay(const PixelView& frame, const FrameResult& result, std::vector<std::uint8_t>& rgb);

}  // namespace capillaryx
