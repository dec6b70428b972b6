// SPDX-License-Identifier: Apache-2.0
#include "networks/tiles.h"

#include <gtest/gtest.h>

namespace capillaryx {
namespace {

TEST(Tiles, EveryPixelHasWeight) {
  for (const int length : {64, 500, 512, 513, 1080, 1920}) {
    for (const int overlap : {0, 1, 64, 255}) {
      std::vector<float> sum(static_cast<std::size_t>(length));
      for (const TileSpan& span : plan_tiles(length, 512, overlap, 32)) {
        EXPECT_EQ(span.begin % 32, 0);
        for (int i = 0; i < 512 && span.begin + i < length; ++i) {
          sum[static_cast<std::size_t>(span.begin + i)] += span.weights[static_cast<std::size_t>(i)];
        }
      }
      for (const float weight : sum) EXPECT_GT(weight, 0.0F) << length << " " << overlap;
    }
  }
}

TEST(Tiles, TheOuterQuarterOfAnOverlapIsNotUsedButAtTheFramesBorder) {
  const auto spans = plan_tiles(1920, 512, 64, 1);
  ASSERT_GT(spans.size(), 2U);
  EXPECT_EQ(spans.front().weights.front(), 1.0F);
  EXPECT_EQ(spans.back().weights.back(), 1.0F);
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(spans[1].weights[i], 0.0F);
    EXPECT_EQ(spans[1].weights[511 - i], 0.0F);
  }
  EXPECT_EQ(spans.back().begin + 512, 1920);
}

TEST(Tiles, AShortSideIsOneTile) {
  const auto spans = plan_tiles(100, 512, 64, 1);
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_EQ(spans[0].begin, 0);
}

}  // namespace
}  // namespace capillaryx
