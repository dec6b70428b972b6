// SPDX-License-Identifier: Apache-2.0
#include "overlay/overlay.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>

namespace capillaryx {
namespace {

using Rgb = std::array<std::uint8_t, 3>;
constexpr Rgb kGreen{0, 255, 0};
constexpr Rgb kBlack{0, 0, 0};

struct Drawing {
  int width, channels;
  std::vector<std::uint8_t> rgb;
  Rgb at(int x, int y) const {
    const std::size_t i =
        (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) * 3;
    return {rgb[i], rgb[i + 1], rgb[i + 2]};
  }
};

Drawing draw(int width, int height, int channels, const FrameResult& result) {
  const std::vector<std::uint8_t> pixels(
      static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * static_cast<std::size_t>(channels), 100);
  Drawing drawing{width, channels, {}};
  draw_overlay({pixels.data(), width, height, channels, static_cast<std::ptrdiff_t>(width) * channels}, result,
               drawing.rgb);
  return drawing;
}

FrameResult one_square() {
  FrameResult result;
  result.capillaries.push_back({{40, 50, 20, 10}, {40, 50, 60, 50, 60, 60, 40, 60}, 200, 0.9});
  return result;
}

TEST(Overlay, HasAGreenBoxOfTwoPixelsAroundTheCapillary) {
  const Drawing drawing = draw(1920, 1080, 3, one_square());
  for (const int y : {48, 49, 60, 61}) EXPECT_EQ(drawing.at(50, y), kGreen) << y;
  for (const int x : {38, 39, 60, 61}) EXPECT_EQ(drawing.at(x, 55), kGreen) << x;
  EXPECT_NE(drawing.at(50, 47), kGreen);
  EXPECT_NE(drawing.at(62, 55), kGreen);
}

TEST(Overlay, BoxesBeginAtEvenPixelsSoThatAJpegKeepsTheirGreen) {
  FrameResult result = one_square();
  result.capillaries[0].bbox = {41, 51, 18, 8};
  const Drawing drawing = draw(1920, 1080, 3, result);
  for (const int y : {48, 49, 60, 61}) EXPECT_EQ(drawing.at(50, y), kGreen) << y;
  for (const int x : {38, 39, 60, 61}) EXPECT_EQ(drawing.at(x, 55), kGreen) << x;
}

TEST(Overlay, HasABlackContourAndLeavesTheInsideAsItIs) {
  FrameResult result = one_square();
  result.capillaries[0].bbox = {20, 30, 60, 50};
  const Drawing drawing = draw(1920, 1080, 3, result);
  EXPECT_EQ(drawing.at(50, 50), kBlack);
  EXPECT_EQ(drawing.at(40, 55), kBlack);
  EXPECT_EQ(drawing.at(50, 55), (Rgb{100, 100, 100}));
}

TEST(Overlay, OfAFrameWithoutCapillariesIsTheFrame) {
  for (const int channels : {1, 3}) {
    const Drawing drawing = draw(64, 70, channels, {});
    EXPECT_EQ(drawing.rgb, std::vector<std::uint8_t>(64 * 70 * 3, 100));
  }
}

TEST(Overlay, LinesGrowWithTheFrame) {
  FrameResult result;
  result.capillaries.push_back({{4000, 4000, 100, 100}, {4000, 4000, 4100, 4000, 4100, 4100, 4000, 4100}, 10000, 0.9});
  const Drawing drawing = draw(8192, 8192, 1, result);
  EXPECT_EQ(drawing.at(4050, 3992), kGreen);
}

TEST(Overlay, BoxesAtTheBorderAreCutOff) {
  FrameResult result;
  result.capillaries.push_back({{0, 0, 64, 64}, {0, 0, 64, 0, 64, 64, 0, 64}, 4096, 0.9});
  result.capillaries.push_back({{50, 60, 14, 4}, {50, 60, 64, 60, 64, 64, 50, 64}, 56, 0.9});
  EXPECT_EQ(draw(64, 64, 3, result).rgb.size(), 64U * 64 * 3);
}

}  // namespace
}  // namespace capillaryx
