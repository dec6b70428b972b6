// SPDX-License-Identifier: Apache-2.0
#include "analysis/resample.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>
#include <vector>

namespace capillaryx {
namespace {

std::vector<std::uint8_t> resampled(const std::vector<std::uint8_t>& pixels, int width, int height, int channels,
                                    int to_width, int to_height) {
  Resampler resampler;
  const PixelView view = resampler.resample({pixels.data(), width, height, channels, std::ptrdiff_t{width} * channels},
                                            to_width, to_height);
  EXPECT_EQ(view.width, to_width);
  EXPECT_EQ(view.height, to_height);
  return {view.data, view.data + std::ptrdiff_t{to_width} * to_height * channels};
}

TEST(Resampler, LeavesAnEvenPictureEven) {
  for (const int value : {0, 1, 127, 254, 255}) {
    const std::vector<std::uint8_t> pixels(90 * 70 * 3, static_cast<std::uint8_t>(value));
    for (const auto& [width, height] : {std::pair{31, 25}, std::pair{200, 190}, std::pair{90, 70}}) {
      for (const int each : resampled(pixels, 90, 70, 3, width, height)) ASSERT_EQ(each, value);
    }
  }
}

TEST(Resampler, KeepsTheMeanOfAPictureThatShrinks) {
  std::srand(7);
  std::vector<std::uint8_t> pixels(200 * 160);
  for (auto& value : pixels) value = static_cast<std::uint8_t>(std::rand() % 256);
  const auto mean = [](const std::vector<std::uint8_t>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  EXPECT_NEAR(mean(resampled(pixels, 200, 160, 1, 84, 67)), mean(pixels), 1);
}

TEST(Resampler, KeepsALineWhereItWas) {
  // A ramp stays a ramp: the middle of target pixel i is at (i + 0.5) * from / to - 0.5.
  std::vector<std::uint8_t> pixels(100 * 8);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 100; ++x) pixels[static_cast<std::size_t>(y * 100 + x)] = static_cast<std::uint8_t>(2 * x);
  }
  for (const int to : {40, 141, 283}) {
    const auto row = resampled(pixels, 100, 8, 1, to, 8);
    for (int i = to / 10; i < to - to / 10; ++i) {
      EXPECT_NEAR(row[static_cast<std::size_t>(i)], 2 * ((i + 0.5) * 100 / to - 0.5), 0.6) << to << " " << i;
    }
  }
}

}  // namespace
}  // namespace capillaryx
