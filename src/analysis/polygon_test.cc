// SPDX-License-Identifier: Apache-2.0
#include "analysis/polygon.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <random>

namespace capillaryx {
namespace {

using Line = std::vector<PolygonFinder::Point>;

std::vector<std::pair<int, int>> corners_of(const Line& line, double slack) {
  PolygonFinder finder;
  finder.find(Line{{0, 0}, {9, 0}, {9, 9}, {0, 9}, {0, 4}}, 1);  // what it remembers must not matter
  std::vector<std::pair<int, int>> corners;
  for (const auto& [x, y] : finder.find(line, slack)) corners.emplace_back(x, y);
  return corners;
}

std::vector<std::pair<int, int>> corners_of_opencv(const Line& line, double slack) {
  std::vector<cv::Point> points, polygon;
  for (const auto& [x, y] : line) points.emplace_back(x, y);
  cv::approxPolyDP(points, polygon, slack, true);
  std::vector<std::pair<int, int>> corners;
  for (const cv::Point& point : polygon) corners.emplace_back(point.x, point.y);
  return corners;
}

// A closed line that wanders round a middle, as a contour does.
Line wandering(std::mt19937& random, int count, double radius, double roughness) {
  std::uniform_real_distribution<double> uniform(-roughness, roughness);
  const double bend = uniform(random), phase = uniform(random);
  Line line;
  for (int i = 0; i < count; ++i) {
    const double angle = 6.2831853 * i / count;
    const double r = radius * (1 + 0.4 * std::sin(3 * angle + phase) * bend) + uniform(random);
    line.push_back({static_cast<int>(std::lround(400 + 2 * r * std::cos(angle))),
                    static_cast<int>(std::lround(400 + r * std::sin(angle)))});
  }
  return line;
}

TEST(Polygon, IsThatOfOpenCvOnContoursOfEveryShape) {
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    const int count = 3 + round % 150;
    for (const double slack : {0.5, 2.4, 9.0}) {
      const Line line = wandering(random, count, 10 + round % 90, 0.1 * (round % 40));
      std::vector<std::pair<int, int>> expected = corners_of_opencv(line, slack);
      if (expected.size() < 2) expected.clear();  // one point stands for what is no wider than the slack
      ASSERT_EQ(corners_of(line, slack), expected) << round << ' ' << slack;
    }
  }
}

TEST(Polygon, OfARectangleIsItsFourCorners) {
  Line line;
  for (int x = 0; x < 40; x += 4) line.push_back({x, 0});
  for (int y = 0; y < 20; y += 4) line.push_back({40, y});
  for (int x = 40; x > 0; x -= 4) line.push_back({x, 20});
  for (int y = 20; y > 0; y -= 4) line.push_back({0, y});
  auto corners = corners_of(line, 1);
  std::sort(corners.begin(), corners.end());
  EXPECT_EQ(corners, (std::vector<std::pair<int, int>>{{0, 0}, {0, 20}, {40, 0}, {40, 20}}));
}

TEST(Polygon, IsNoneWhereTheLineIsNoWiderThanTheSlack) {
  EXPECT_TRUE(corners_of({{5, 5}}, 1).empty());
  EXPECT_TRUE(corners_of({{5, 5}, {5, 5}, {5, 5}}, 1).empty());
  EXPECT_TRUE(corners_of({{5, 5}, {6, 5}, {5, 6}}, 2).empty());
  EXPECT_LT(corners_of({{0, 0}, {10, 0}, {20, 0}, {10, 0}}, 1).size(), 3U);
}

}  // namespace
}  // namespace capillaryx
