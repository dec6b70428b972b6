// SPDX-License-Identifier: Apache-2.0
#include "analysis/block_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <utility>

namespace capillaryx {
namespace {

template <class Value>
BlockWindow window(int width, int height, Value&& value) {
  BlockWindow made;
  made.set(-6, 10, width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) made.values[made.at(x, y)] = static_cast<std::int16_t>(value(x, y));
  }
  return made;
}

BlockWindow blurred(const BlockWindow& in) {
  BlockWindow out;
  std::vector<std::int16_t> line;
  blur_window(in, out, line);
  return out;
}

TEST(BlockWindow, BlurLeavesWhatIsStraightOrBentAsItIs) {
  const auto slope = [](int x, int y) { return 1000 - 3 * (x - 11) * (x - 11) + 2 * y * y - 40 * x + 7 * y; };
  const BlockWindow out = blurred(window(23, 17, slope));
  EXPECT_EQ(out.left, -2);
  EXPECT_EQ(out.top, 14);
  ASSERT_EQ(out.width, 19);
  ASSERT_EQ(out.height, 13);
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) EXPECT_EQ(out.values[out.at(x, y)], slope(x + 2, y + 2)) << x << ' ' << y;
  }
}

TEST(BlockWindow, BlurHasRoomForTheHighestValues) {
  const BlockWindow out =
      blurred(blurred(window(20, 20, [](int x, int y) { return (x + y) % 3 == 0 ? 5678 : -5678; })));
  for (int i = 0; i < static_cast<int>(out.size()); ++i) {
    EXPECT_LE(std::abs(out.values[static_cast<std::size_t>(i)]), 13863);
  }
  const BlockWindow flat = blurred(blurred(window(20, 20, [](int, int) { return 5678; })));
  EXPECT_EQ(flat.values[0], 5678);
}

TEST(BlockWindow, BlurHalvesNoise) {
  std::mt19937 random(3);
  const BlockWindow noise = window(204, 204, [&](int, int) { return static_cast<int>(random() % 2001) - 1000; });
  const auto power = [](const BlockWindow& w) {
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) sum += static_cast<double>(w.values[i]) * w.values[i];
    return sum / static_cast<double>(w.size());
  };
  EXPECT_NEAR(std::sqrt(power(blurred(noise)) / power(noise)), 0.52, 0.03);
}

TEST(BlockWindow, SquaresHoldTheHighestOfWhatTheyCover) {
  constexpr int kWidth = 37, kHeight = 21;
  std::mt19937 random(7);
  for (const auto& [have, side] : {std::pair{1, 1}, {1, 2}, {1, 3}, {2, 7}, {3, 9}, {1, 9}}) {
    std::vector<std::int16_t> values(std::size_t{kWidth} * kHeight);
    for (auto& value : values) value = static_cast<std::int16_t>(static_cast<int>(random() % 4001) - 2000);
    std::vector<std::int16_t> squares = values;
    highest_of_squares(squares, kWidth, 1, have);
    highest_of_squares(squares, kWidth, have, side);
    for (int y = 0; y + side <= kHeight; ++y) {
      for (int x = 0; x + side <= kWidth; ++x) {
        std::int16_t highest = values[static_cast<std::size_t>(y * kWidth + x)];
        for (int v = 0; v < side; ++v) {
          const auto row = values.begin() + (y + v) * kWidth + x;
          highest = std::max(highest, *std::max_element(row, row + side));
        }
        ASSERT_EQ(squares[static_cast<std::size_t>(y * kWidth + x)], highest) << side << ": " << x << ' ' << y;
      }
    }
  }
}

std::vector<std::uint8_t> strip(int width, int height, double angle, double wide, double length) {
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(width * height));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double u = x - width / 2.0, v = y - height / 2.0;
      const double along = u * std::cos(angle) + v * std::sin(angle),
                   across = v * std::cos(angle) - u * std::sin(angle);
      const bool inside = std::hypot(std::max(0.0, std::abs(along) - length / 2), across) < wide / 2;
      mask[static_cast<std::size_t>(y * width + x)] = inside ? 1 : 0;
    }
  }
  return mask;
}

TEST(BlockWindow, HalfWidthIsHowDeepTheDeepestLies) {
  std::vector<std::uint8_t> scratch;
  std::vector<std::uint8_t> mask(std::size_t{30} * 20);
  EXPECT_EQ(half_width_of(mask, 30, 32, scratch), 0);
  mask[30 * 4 + 7] = 1;
  EXPECT_EQ(half_width_of(mask, 30, 32, scratch), 1);
  for (int y = 3; y < 14; ++y) std::fill_n(mask.begin() + y * 30 + 3, 26, std::uint8_t{1});
  EXPECT_EQ(half_width_of(mask, 30, 32, scratch), 6);
  EXPECT_EQ(half_width_of(mask, 30, 4, scratch), 4);
}

TEST(BlockWindow, MeanWidthIsThatOfAVesselHoweverItLiesAndOfADisc) {
  EXPECT_EQ(mean_width_of(std::vector<std::uint8_t>(600), 30), 0);
  for (double angle = 0; angle < 3.2; angle += 0.1) {
    for (const double wide : {5.0, 8.0, 12.0}) {
      for (const double length : {0.0, 20.0, 50.0}) {
        const double found = mean_width_of(strip(90, 90, angle, wide, length), 90);
        EXPECT_NEAR(found / wide, 1, length == 0 ? 0.35 : 0.12) << angle << ' ' << wide << ' ' << length;
      }
    }
  }
}

}  // namespace
}  // namespace capillaryx
