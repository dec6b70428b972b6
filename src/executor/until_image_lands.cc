// SPDX-License-Identifier: Apache-2.0
// Lets main link until src/image and src/overlay are there; goes with them.
#include "image/image.h"
#include "overlay/overlay.h"

#define CAPILLARYX_UNTIL __attribute__((weak))

namespace capillaryx {
struct ImageReader::Memory {};
CAPILLARYX_UNTIL ImageReader::ImageReader(std::int64_t max_pixels) : max_pixels_(max_pixels) {}
CAPILLARYX_UNTIL ImageReader::~ImageReader() = default;
CAPILLARYX_UNTIL Frame ImageReader::read(const Frame& frame, std::string& /*sha256*/) { return frame; }
CAPILLARYX_UNTIL std::vector<std::uint8_t> encode_jpeg(const PixelView& /*pixels*/, int /*quality*/) { return {}; }
CAPILLARYX_UNTIL std::vector<std::uint8_t> encode_png(const PixelView& /*pixels*/) { return {}; }
CAPILLARYX_UNTIL void draw_overlay(const PixelView& /*frame*/, const FrameResult& /*result*/,
                                   std::vector<std::uint8_t>& /*rgb*/) {}
}  // namespace capillaryx
