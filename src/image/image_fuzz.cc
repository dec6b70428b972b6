// SPDX-License-Identifier: Apache-2.0
// Any bytes: decoded, or ImageError. What is decoded survives being written and read again.
#include <cstdlib>

#include "image/image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static capillaryx::ImageReader reader(200'000);
  try {
    const capillaryx::Frame frame = reader.decode({}, {data, size});
    const capillaryx::PixelView& pixels = frame.pixels();
    unsigned sum = 0;
    for (int y = 0; y < pixels.height; ++y) {
      for (int x = 0; x < pixels.width * pixels.channels; ++x) sum += pixels.row(y)[x];
    }
    const auto png = capillaryx::encode_png(pixels);
    const capillaryx::Frame again = reader.decode({}, png);
    if (again.pixels().row(0)[0] != pixels.row(0)[0] || (sum == 0 && again.pixels().row(0)[0] != 0)) std::abort();
  } catch (const capillaryx::ImageError&) {
  }
  return 0;
}
