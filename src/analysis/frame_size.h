// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "capillaryx/frame.h"

namespace capillaryx {

/// Smallest side of a frame that is analysed, px.
constexpr int kSmallestSidePx = 64;

/// Throws std::runtime_error on a frame that is smaller.
void check_size(const PixelView& frame);

}  // namespace capillaryx
