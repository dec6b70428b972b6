// SPDX-License-Identifier: Apache-2.0
#include "analysis/reduced_frame.h"

namespace capillaryx {
namespace {

void reduce_row_grey(const std::uint8_t* above, const std::uint8_t* below, int width, std::int16_t* out) {
  for (int x = 0; x < width; ++x) {
    out[x] = static_cast<std::int16_t>(above[2 * x] + above[2 * x + 1] + below[2 * x] + below[2 * x + 1]);
  }
}

void reduce_row_rgb(const std::uint8_t* above, const std::uint8_t* below, int width, std::int16_t* red,
                    std::int16_t* green, std::int16_t* blue) {
  for (int x = 0; x < width; ++x) {
    const std::uint8_t* a = above + 6 * x;
    const std::uint8_t* b = below + 6 * x;
    red[x] = static_cast<std::int16_t>(a[0] + a[3] + b[0] + b[3]);
    green[x] = static_cast<std::int16_t>(a[1] + a[4] + b[1] + b[4]);
    blue[x] = static_cast<std::int16_t>(a[2] + a[5] + b[2] + b[5]);
  }
}

}  // namespace

void reduce_frame(const PixelView& frame, ReducedFrame& reduced) {
  reduced.frame_width = frame.width;
  reduced.frame_height = frame.height;
  reduced.width = frame.width / 2;
  reduced.height = frame.height / 2;
  reduced.channels = frame.channels;
  const std::size_t pixels = static_cast<std::size_t>(reduced.width) * static_cast<std::size_t>(reduced.height);
  for (int c = 0; c < frame.channels; ++c) reduced.planes[static_cast<std::size_t>(c)].resize(pixels);
  for (int y = 0; y < reduced.height; ++y) {
    const std::uint8_t* above = frame.row(2 * y);
    const std::uint8_t* below = frame.row(2 * y + 1);
    const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(y) * reduced.width;
    if (frame.channels == 1) {
      reduce_row_grey(above, below, reduced.width, reduced.planes[0].data() + start);
    } else {
      reduce_row_rgb(above, below, reduced.width, reduced.planes[0].data() + start, reduced.planes[1].data() + start,
                     reduced.planes[2].data() + start);
    }
  }
}

}  // namespace capillaryx
