// SPDX-License-Identifier: Apache-2.0
#include "analysis/simple_polygon.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <utility>

namespace capillaryx {
namespace {

using Polygon = std::vector<OutlineFinder::Point>;

std::vector<std::pair<int, int>> corners(const Polygon& polygon) {
  std::vector<std::pair<int, int>> list;
  for (const auto& [x, y] : polygon) list.emplace_back(x, y);
  return list;
}

using Corners = std::vector<std::pair<int, int>>;

TEST(SimplePolygon, StaysAsItIs) {
  const Polygon square{{0, 0}, {9, 0}, {9, 9}, {5, 4}, {0, 9}};
  Polygon after = square;
  make_simple(after);
  EXPECT_TRUE(is_simple(square));
  EXPECT_EQ(corners(after), corners(square));
}

TEST(SimplePolygon, LosesASpikeAlongABorder) {
  Polygon spike{{0, 0}, {30, 0}, {20, 0}, {20, 9}, {0, 9}};
  EXPECT_FALSE(is_simple(spike));
  make_simple(spike);
  EXPECT_EQ(corners(spike), (Corners{{0, 0}, {20, 0}, {20, 9}, {0, 9}}));
}

TEST(SimplePolygon, KeepsTheLargerLoopOfTwoThatCross) {
  Polygon bow_tie{{0, 0}, {40, 40}, {40, 30}, {30, 40}, {0, 8}};
  make_simple(bow_tie);
  EXPECT_TRUE(is_simple(bow_tie));
  EXPECT_EQ(corners(bow_tie), (Corners{{0, 0}, {35, 35}, {30, 40}, {0, 8}}));
}

TEST(SimplePolygon, KeepsTheLargerLoopOfTwoThatTouchAtACorner) {
  Polygon pinched{{0, 0}, {10, 0}, {10, 10}, {12, 10}, {12, 12}, {10, 10}, {0, 10}};
  EXPECT_FALSE(is_simple(pinched));
  make_simple(pinched);
  EXPECT_EQ(corners(pinched), (Corners{{0, 0}, {10, 0}, {10, 10}, {0, 10}}));
}

TEST(SimplePolygon, IsNothingWithoutAnArea) {
  for (Polygon flat : {Polygon{}, Polygon{{1, 1}}, Polygon{{0, 0}, {5, 5}}, Polygon{{0, 0}, {5, 0}, {9, 0}, {2, 0}},
                       Polygon{{3, 3}, {3, 3}, {3, 3}}}) {
    EXPECT_FALSE(is_simple(flat));
    make_simple(flat);
    EXPECT_LT(flat.size(), 3U);
  }
}

TEST(SimplePolygon, IsMadeOfEveryLine) {
  std::mt19937 random(3);
  int simple = 0;
  for (int round = 0; round < 2000; ++round) {
    Polygon line;
    const int size = 3 + static_cast<int>(random() % 30);
    const int side = 4 + static_cast<int>(random() % 200);
    for (int i = 0; i < size; ++i)
      line.push_back({static_cast<int>(random()) % side, static_cast<int>(random()) % side});
    const Polygon before = line;
    const bool was_simple = is_simple(line);
    make_simple(line);
    if (was_simple) {
      EXPECT_EQ(corners(line), corners(before));
    }
    EXPECT_TRUE(line.size() < 3 || is_simple(line)) << round;
    simple += line.size() >= 3;
  }
  EXPECT_GT(simple, 1900);
}

}  // namespace
}  // namespace capillaryx
