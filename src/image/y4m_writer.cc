// SPDX-License-Identifier: Apache-2.0
#include "image/y4m_writer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace capillaryx {
namespace {

constexpr int kHalf = 1 << 15;

std::uint8_t clamp_8(int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

}  // namespace

std::string y4m_header(int width, int height, double frames_per_s) {
  return "YUV4MPEG2 W" + std::to_string(width) + " H" + std::to_string(height) + " F" +
         std::to_string(std::llround(frames_per_s * 1000)) + ":1000 Ip A1:1 C444 XCOLORRANGE=FULL\n";
}

void append_y4m_frame(const PixelView& rgb, std::vector<std::uint8_t>& out) {
  constexpr std::string_view kFrame = "FRAME\n";
  out.insert(out.end(), kFrame.begin(), kFrame.end());
  const std::size_t plane = static_cast<std::size_t>(rgb.width) * static_cast<std::size_t>(rgb.height);
  const std::size_t start = out.size();
  out.resize(start + 3 * plane);
  std::uint8_t* luma = out.data() + start;
  for (int y = 0; y < rgb.height; ++y) {
    const std::uint8_t* in = rgb.row(y);
    for (int x = 0; x < rgb.width; ++x, in += 3, ++luma) {
      const int r = in[0];
      const int g = in[1];
      const int b = in[2];
      luma[0] = clamp_8((19595 * r + 38470 * g + 7471 * b + kHalf) >> 16);
      luma[plane] = clamp_8(128 + ((-11058 * r - 21710 * g + 32768 * b + kHalf) >> 16));
      luma[2 * plane] = clamp_8(128 + ((32768 * r - 27439 * g - 5329 * b + kHalf) >> 16));
    }
  }
}

}  // namespace capillaryx
