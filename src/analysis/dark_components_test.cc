// SPDX-License-Identifier: Apache-2.0
#include "analysis/dark_components.h"

#include <gtest/gtest.h>

#include <random>
#include <tuple>
#include <vector>

namespace capillaryx {
namespace {

constexpr int kLowest = 50;

Darkness random_darkness(int width, int height, int dark_percent) {
  Darkness darkness;
  darkness.width = width;
  darkness.height = height;
  std::mt19937 random(static_cast<unsigned>(width * 100 + dark_percent));
  for (int i = 0; i < width * height; ++i) {
    darkness.smooth.push_back(
        static_cast<std::int16_t>(static_cast<int>(random() % 100) < dark_percent ? kLowest : 49));
  }
  return darkness;
}

// The first pixel in reading order of each pixel's place, found by going from neighbour to neighbour; -1: not dark.
std::vector<int> first_pixels(const Darkness& d) {
  std::vector<int> first(d.smooth.size(), -1);
  for (int start = 0; start < d.width * d.height; ++start) {
    if (d.smooth[static_cast<std::size_t>(start)] < kLowest || first[static_cast<std::size_t>(start)] >= 0) continue;
    std::vector<int> open{start};
    first[static_cast<std::size_t>(start)] = start;
    while (!open.empty()) {
      const int x = open.back() % d.width, y = open.back() / d.width;
      open.pop_back();
      for (int v = std::max(y - 1, 0); v <= std::min(y + 1, d.height - 1); ++v) {
        for (int u = std::max(x - 1, 0); u <= std::min(x + 1, d.width - 1); ++u) {
          const auto at = static_cast<std::size_t>(v * d.width + u);
          if (d.smooth[at] < kLowest || first[at] >= 0) continue;
          first[at] = start;
          open.push_back(v * d.width + u);
        }
      }
    }
  }
  return first;
}

TEST(DarkComponents, AreThoseOfGoingFromNeighbourToNeighbour) {
  DarkComponents found;
  for (const int width : {1, 7, 63, 64, 65, 128, 200}) {
    for (const int percent : {0, 15, 30, 45, 100}) {
      const Darkness darkness = random_darkness(width, 40, percent);
      const std::vector<int> first = first_pixels(darkness);
      found.find(darkness, kLowest);
      std::vector<int> seen(first.size(), -1);
      int before = -1;
      for (const DarkComponents::Component& component : found.components()) {
        const capillaryx::Run& begin = found.runs()[static_cast<std::size_t>(component.first_run)];
        const int start = begin.y * width + begin.x;
        EXPECT_LT(before, start) << "components in reading order";
        before = start;
        int area = 0, x0 = width, x1 = 0, y0 = 40, y1 = 0;
        for (int i = component.first_run; i < component.end_run; ++i) {
          const capillaryx::Run& run = found.runs()[static_cast<std::size_t>(i)];
          for (int x = run.x; x < run.x + run.length; ++x) seen[static_cast<std::size_t>(run.y * width + x)] = start;
          area += run.length;
          std::tie(x0, x1) = std::pair(std::min(x0, run.x), std::max(x1, run.x + run.length));
          std::tie(y0, y1) = std::pair(std::min(y0, run.y), std::max(y1, run.y + 1));
        }
        EXPECT_EQ(component.area, area);
        EXPECT_EQ(std::tuple(component.x0, component.y0, component.x1, component.y1), std::tuple(x0, y0, x1, y1));
      }
      EXPECT_EQ(seen, first) << "width " << width << ", " << percent << " % dark";
    }
  }
}

}  // namespace
}  // namespace capillaryx
