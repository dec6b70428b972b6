// SPDX-License-Identifier: Apache-2.0
#include "analysis/frame_size.h"

#include <fmt/format.h>

#include <stdexcept>

namespace capillaryx {

void check_size(const PixelView& frame) {
  if (frame.width >= kSmallestSidePx && frame.height >= kSmallestSidePx) return;
  throw std::runtime_error(fmt::format("the frame has {} x {} px; the smallest that can be analysed has {} x {}",
                                       frame.width, frame.height, kSmallestSidePx, kSmallestSidePx));
}

}  // namespace capillaryx
