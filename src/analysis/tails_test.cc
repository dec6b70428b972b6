// SPDX-License-Identifier: Apache-2.0
#include "analysis/tails.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace capillaryx {
namespace {

constexpr int kWidth = 120, kHeight = 90;

using Mask = std::vector<char>;
using Rows = std::vector<capillaryx::Run>;  // Run alone is a test's

bool is_in(const Mask& mask, int x, int y) {
  return x >= 0 && y >= 0 && x < kWidth && y < kHeight && mask[static_cast<std::size_t>(y * kWidth + x)] != 0;
}

Mask draw(const std::function<bool(int, int)>& inside) {
  Mask mask(std::size_t{kWidth} * kHeight);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) mask[static_cast<std::size_t>(y * kWidth + x)] = inside(x, y) ? 1 : 0;
  }
  return mask;
}

Rows rows_of(const Mask& mask) {
  Rows rows;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      if (!is_in(mask, x, y)) continue;
      if (is_in(mask, x - 1, y)) {
        ++rows.back().length;
      } else {
        rows.push_back({x, y, 1});
      }
    }
  }
  return rows;
}

Mask mask_of(const Rows& rows) {
  Mask mask(std::size_t{kWidth} * kHeight);
  for (const capillaryx::Run& run : rows) std::fill_n(mask.begin() + run.y * kWidth + run.x, run.length, char{1});
  return mask;
}

// Every pixel is asked on its own.
Mask cut_plainly(const Mask& region) {
  const auto all_in = [&](const Mask& mask, int x, int y, int reach) {
    for (int v = y - reach; v <= y + reach; ++v) {
      for (int u = x - reach; u <= x + reach; ++u) {
        if (!is_in(mask, u, v)) return false;
      }
    }
    return true;
  };
  int half_width = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      while (all_in(region, x, y, half_width)) ++half_width;
    }
  }
  const int half_side = half_width * 35 / 100;
  const Mask middles = draw([&](int x, int y) { return all_in(region, x, y, half_side); });
  if (half_side == 0) return region;
  return draw([&](int x, int y) {
    if (!is_in(region, x, y)) return false;
    for (int v = y - half_side - 2; v <= y + half_side + 2; ++v) {
      for (int u = x - half_side - 2; u <= x + half_side + 2; ++u) {
        if (is_in(middles, u, v)) return true;
      }
    }
    return false;
  });
}

int area(const Rows& rows) {
  int sum = 0;
  for (const capillaryx::Run& run : rows) sum += run.length;
  return sum;
}

// Cuts in place.
bool cut(TailCutter& cutter, Rows& rows) {
  Rows left_over;
  if (!cutter.cut(rows, left_over)) return false;
  rows = left_over;
  return true;
}

bool is_blob(int x, int y) { return std::hypot(x - 60, y - 45) < 10; }

TEST(TailCutter, CutsAHairOffThatCrossesACapillary) {
  Rows rows = rows_of(draw([](int x, int y) { return is_blob(x, y) || std::abs(y - 20 - x / 2) <= 1; }));
  TailCutter cutter;
  EXPECT_TRUE(cut(cutter, rows));
  const Mask left = mask_of(rows);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const double off = std::hypot(x - 60, y - 45);
      if (is_blob(x, y) || off > 20) {
        EXPECT_EQ(is_in(left, x, y), is_blob(x, y)) << x << ' ' << y;
      }
    }
  }
}

TEST(TailCutter, LeavesVesselsOfOneWidthAsTheyAre) {
  for (const double angle : {0.0, 0.4, 0.8, 1.2, 1.57}) {
    for (const double width : {1.0, 3.0, 5.0, 9.0}) {
      const Mask strip = draw([&](int x, int y) {
        const double along = (x - 60) * std::cos(angle) + (y - 45) * std::sin(angle);
        const double across = (y - 45) * std::cos(angle) - (x - 60) * std::sin(angle);
        return std::hypot(std::max(0.0, std::abs(along) - 25), across) <= width;
      });
      Rows rows = rows_of(strip);
      TailCutter cutter;
      EXPECT_FALSE(cut(cutter, rows)) << angle << ' ' << width;
      EXPECT_EQ(mask_of(rows), strip);
    }
  }
}

TEST(TailCutter, LeavesTheThinnerLimbOfAHairpin) {
  // 7 px wide beside 10.
  Rows rows = rows_of(draw([](int x, int y) {
    const double ring = std::hypot(x - 60, y - 40);
    return (y <= 40 && ring >= 9 && ring <= 17) || (y > 40 && y < 75 && ((x > 41 && x < 52) || (x > 68 && x < 76)));
  }));
  const int before = area(rows);
  TailCutter cutter;
  cut(cutter, rows);
  EXPECT_GT(area(rows), 0.97 * before);
}

TEST(TailCutter, IsTheOpeningAskedOfEveryPixelOnItsOwn) {
  std::mt19937 random(11);
  TailCutter cutter;
  int how_many = 0;
  for (int round = 0; round < 150; ++round) {
    struct Disc {
      double x, y, radius;
    };
    std::vector<Disc> discs;
    double x = 60, y = 45;
    for (unsigned i = random() % 30; i < 45; ++i) {
      x = std::clamp(x + static_cast<double>(random() % 9) - 4, 0.0, kWidth - 1.0);
      y = std::clamp(y + static_cast<double>(random() % 9) - 4, 0.0, kHeight - 1.0);
      discs.push_back({x, y, random() % 6 == 0 ? 4 + static_cast<double>(random() % 9) : 1.0});
    }
    const Mask region = draw([&](int u, int v) {
      return std::any_of(discs.begin(), discs.end(),
                         [&](const Disc& d) { return std::hypot(u - d.x, v - d.y) <= d.radius; });
    });
    Rows rows = rows_of(region);
    const Mask truth = cut_plainly(region);
    EXPECT_EQ(cut(cutter, rows), truth != region);
    ASSERT_EQ(mask_of(rows), truth) << round;
    EXPECT_EQ(rows.size(), rows_of(truth).size());
    how_many += truth != region ? 1 : 0;
  }
  EXPECT_GT(how_many, 50);
}

}  // namespace
}  // namespace capillaryx
