// SPDX-License-Identifier: Apache-2.0
#include "analysis/background.h"

#include <gmock/gmock.h>

#include "analysis/test_frames.h"

namespace capillaryx {
namespace {

using test::Canvas;
using test::kBlood;
using test::kSkin;

Background fitted(const test::Picture& picture, const Options& options = {}) {
  ReducedFrame reduced;
  reduce_frame(picture.view(), reduced);
  Background background;
  background.fit(reduced, options);
  return background;
}

double value(const Background& background, int channel, int x, int y) {
  std::int16_t out = 0;
  background.row(channel, y, x, 1, &out);
  return static_cast<double>(out) / Background::kOne;
}

TEST(ReducedFrame, HoldsSumsOfTwoByTwoPixelsAndLeavesAnOddBorderOut) {
  test::Picture picture{5, 3, 3, {}};
  for (int i = 0; i < 45; ++i) picture.bytes.push_back(static_cast<std::uint8_t>(i * 5));
  ReducedFrame reduced;
  reduce_frame(picture.view(), reduced);
  ASSERT_EQ(reduced.width, 2);
  ASSERT_EQ(reduced.height, 1);
  for (int c = 0; c < 3; ++c) {
    for (int x = 0; x < 2; ++x) {
      int sum = 0;
      for (int dy = 0; dy < 2; ++dy) {
        for (int dx = 0; dx < 2; ++dx) sum += picture.view().row(dy)[(2 * x + dx) * 3 + c];
      }
      EXPECT_EQ(reduced.row(c, 0)[x], sum) << c << ' ' << x;
    }
  }
}

TEST(Background, OfAnEvenFrameIsTheFrame) {
  const Background background = fitted(Canvas(640, 480, kSkin).picture());
  for (int c = 0; c < 3; ++c) {
    for (const int x : {0, 1, 63, 320, 639}) {
      for (const int y : {0, 100, 479})
        EXPECT_NEAR(value(background, c, x, y), kSkin[static_cast<std::size_t>(c)], 0.07);
    }
  }
}

TEST(Background, LooksThroughVesselsInEveryChannel) {
  Canvas canvas(480, 480, kSkin);
  for (int i = 0; i < 4; ++i)
    canvas.darken(test::vessel(test::hairpin(80 + 100 * i, 200 + 40 * i, 20, 60), 4, 40), kBlood);
  const Background background = fitted(canvas.add_noise(2).picture());
  for (int i = 0; i < 4; ++i) {
    for (int c = 0; c < 3; ++c) {
      EXPECT_NEAR(value(background, c, 70 + 100 * i, 170 + 40 * i), kSkin[static_cast<std::size_t>(c)], 2)
          << i << ' ' << c;
    }
  }
}

TEST(Background, FollowsALightThatFallsOff) {
  const auto light = [](double x, double y) { return 0.05 * (x - 300) + 0.03 * (y - 200); };
  const Background background = fitted(Canvas(600, 400, kSkin).add(light).add_noise(2).picture());
  for (const int x : {60, 200, 540}) {
    for (const int y : {60, 200, 340}) {
      EXPECT_NEAR(value(background, 1, x, y), kSkin[1] + light(x, y), 1) << x << ' ' << y;
    }
  }
}

TEST(Background, FollowsALightThatFallsOffTowardsAnEdgeUpToIt) {
  // 10 grey values over the last 250 px, as in the real frames' left parts; noise makes its deviation.
  const auto light = [](double x, double) { return -10 * std::max(0.0, 1 - x / 250); };
  const Background background = fitted(Canvas(900, 600, kSkin).add(light).add_noise(3).picture());
  double missed = 0;
  for (int y = 50; y < 550; y += 10) missed += value(background, 1, 2, y) - kSkin[1] - light(2, 0);
  EXPECT_NEAR(missed / 50, 0, 0.5);
}

TEST(Background, RowsAgreeWithSinglePixelsAndWithReducedRows) {
  const Background background = fitted(test::tissue(301, 203, 3));
  std::vector<std::int16_t> row(301), part(40), half(150);
  for (const int y : {0, 101, 202}) {
    background.row(1, y, 0, 301, row.data());
    background.row(1, y, 117, 40, part.data());
    for (int i = 0; i < 40; ++i)
      EXPECT_NEAR(part[static_cast<std::size_t>(i)], row[static_cast<std::size_t>(117 + i)], 1);
    for (int x = 0; x < 301; x += 7)
      EXPECT_NEAR(value(background, 1, x, y) * Background::kOne, row[static_cast<std::size_t>(x)], 1);
  }
  background.row(1, 100, 0, 301, row.data());
  const BackgroundGrid& grid = background.grid();
  BackgroundGrid::Columns columns;
  grid.set_columns(0, 2, static_cast<int>(half.size()), columns);
  grid.line(1, grid.row_at(100), columns, half.data());
  for (std::size_t x = 0; x < 150; ++x) EXPECT_NEAR(half[x], row[2 * x], 1);
}

TEST(Background, SpreadIsThatOfTheNoiseAndVesselsDoNotMoveIt) {
  Canvas canvas(480, 480, kSkin);
  canvas.darken(test::vessel(test::hairpin(240, 260, 24, 80), 5, 60), kBlood);
  const Background background = fitted(canvas.add_noise(4).picture());
  for (int c = 0; c < 3; ++c) EXPECT_NEAR(background.robust_sd(c), 2, 0.3) << c;  // of means of four pixels
  EXPECT_NEAR(background.level(1), kSkin[1], 1);
}

TEST(Background, OfAGreyFrameHasOneChannel) {
  const Background background = fitted(Canvas(200, 150, kSkin).picture(1));
  EXPECT_EQ(background.channels(), 1);
  EXPECT_NEAR(value(background, 0, 100, 75), kSkin[1], 0.07);
}

TEST(Background, FitsFramesOfEverySizeAndWindow) {
  for (const auto& [width, height] : {std::pair{64, 64}, {65, 67}, {64, 1200}, {2000, 64}, {119, 121}}) {
    for (const int window : {16, 120, 4096}) {
      Options options;
      options.window_px = window;
      const Background background = fitted(Canvas(width, height, kSkin).picture(), options);
      EXPECT_NEAR(value(background, 1, width - 1, height - 1), kSkin[1], 0.07)
          << width << 'x' << height << ' ' << window;
    }
  }
}

TEST(Background, IsTheSameInMemoryThatHeldAnotherFrame) {
  const test::Picture first = test::tissue(500, 300, 6, 3), second = test::tissue(300, 420, 4, 4);
  ReducedFrame reduced;
  Background used;
  for (const test::Picture* picture : {&first, &second}) {
    reduce_frame(picture->view(), reduced);
    used.fit(reduced, {});
  }
  const Background fresh = fitted(second);
  std::vector<std::int16_t> a(300), b(300);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 420; ++y) {
      used.row(c, y, 0, 300, a.data());
      fresh.row(c, y, 0, 300, b.data());
      ASSERT_EQ(a, b) << c << ' ' << y;
    }
  }
}

}  // namespace
}  // namespace capillaryx
