// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/core.hpp>

#include "phantom/look.h"

namespace capillaryx::phantom {
namespace {

double total(const std::vector<float>& polygon) {
  double area = 0;
  for (std::size_t i = 0; i < polygon.size(); i += 2) {
    const std::size_t next = (i + 2) % polygon.size();
    area += 0.5 *
            (static_cast<double>(polygon[i]) * polygon[next + 1] - static_cast<double>(polygon[next]) * polygon[i + 1]);
  }
  return area;
}

/// Full width at half maximum of the chord through a round tube, blurred by a Gaussian: by quadrature.
double analytic_width(double radius, double sigma) {
  const auto profile = [&](double x) {
    double sum = 0;
    constexpr int kSteps = 4000;
    for (int i = 0; i < kSteps; ++i) {
      const double u = radius * (2 * (i + 0.5) / kSteps - 1);
      sum += std::sqrt(1 - u * u / (radius * radius)) * std::exp(-0.5 * (x - u) * (x - u) / (sigma * sigma));
    }
    return sum;
  };
  const double half = profile(0) / 2;
  double low = 0;
  double high = radius + 5 * sigma;
  for (int i = 0; i < 50; ++i) (profile((low + high) / 2) > half ? low : high) = (low + high) / 2;
  return low + high;
}

class StraightVessel : public testing::TestWithParam<std::tuple<double, double, double>> {};

TEST_P(StraightVessel, HasAnOutlineAsWideAsItsFullWidthAtHalfMaximum) {
  const auto [radius, sigma, angle] = GetParam();
  const double length = 200;
  const double cx = 150.3;
  const double cy = 149.8;
  const double dx = 0.5 * length * std::cos(angle);
  const double dy = 0.5 * length * std::sin(angle);
  Patch patch = draw_tubes({{{cx - dx, cy - dy, radius, 1}, {cx + dx, cy + dy, radius, 1}}}, 3 * sigma + 3);
  blur(patch.values, sigma);
  PhantomCapillary truth;
  outline_capillary(patch, 300, 300, truth);
  ASSERT_EQ(truth.outline.size(), 1U);
  // The width across three places: where the outline crosses a line at right angles to the vessel.
  const auto& outline = truth.outline[0];
  for (const double place : {-50.0, 0.0, 37.0}) {
    double width = 0;
    int crossings = 0;
    for (std::size_t i = 0; i < outline.size(); i += 2) {
      const std::size_t k = (i + 2) % outline.size();
      const auto along = [&](std::size_t n) {
        return (outline[n] - cx) * std::cos(angle) + (outline[n + 1] - cy) * std::sin(angle) - place;
      };
      const auto across = [&](std::size_t n) {
        return -(outline[n] - cx) * std::sin(angle) + (outline[n + 1] - cy) * std::cos(angle);
      };
      if ((along(i) < 0) == (along(k) < 0)) continue;
      const double t = along(i) / (along(i) - along(k));
      width += std::abs(across(i) + t * (across(k) - across(i)));
      ++crossings;
    }
    EXPECT_EQ(crossings, 2);
    EXPECT_NEAR(width, analytic_width(radius, sigma), 0.3);
  }
}

INSTANTIATE_TEST_SUITE_P(WidthsBlursAngles, StraightVessel,
                         testing::Combine(testing::Values(3.0, 5.5, 8.0), testing::Values(1.5, 3.0, 5.0),
                                          testing::Values(0.0, 0.4, 0.7853981634, 1.2)));

TEST(Outline, OfADotIsNearlyItsHalfDepthCircle) {
  cv::Mat values(121, 121, CV_32F);
  const double sigma = 9;
  for (int y = 0; y < 121; ++y) {
    for (int x = 0; x < 121; ++x) {
      const double r2 = (x - 60.2) * (x - 60.2) + (y - 59.7) * (y - 59.7);
      values.at<float>(y, x) = static_cast<float>(0.2 * std::exp(-0.5 * r2 / (sigma * sigma)));
    }
  }
  PhantomCapillary truth;
  outline_capillary({40, 30, values}, 400, 300, truth);
  const double radius = sigma * std::sqrt(2 * std::numbers::ln2);
  // The depth is measured over squares: a dot's is a tenth too low, its radius 6 % too large.
  EXPECT_NEAR(truth.area_px / (std::numbers::pi * radius * radius), 1.06 * 1.06, 0.02);
  EXPECT_NEAR(truth.bbox[0] + truth.bbox[2] / 2, 40 + 60.7, 0.05);
  EXPECT_NEAR(truth.bbox[1] + truth.bbox[3] / 2, 30 + 60.2, 0.05);
  EXPECT_NEAR(truth.bbox[2], truth.bbox[3], 0.05);
}

class StraightTube : public testing::TestWithParam<double> {};

TEST_P(StraightTube, HasAGeometricWidthOfTheRadiusTimesTheRootOfThreeWhateverItsDepth) {
  const double radius = GetParam();
  constexpr double kLength = 200;
  for (const double darkness : {0.2, 1.0, 1.7}) {
    PhantomCapillary truth;
    outline_geometry({{{50.3, 100.2, radius, darkness}, {50.3 + kLength, 100.2, radius, darkness}}}, 0.1, 400, 200,
                     truth);
    ASSERT_EQ(truth.geometry.size(), 1U);
    EXPECT_TRUE(truth.faint.empty());
    const double half = radius * std::sqrt(3.0) / 2;
    const double area = 2 * half * kLength + std::numbers::pi * half * half;  // ends are half circles
    EXPECT_NEAR(truth.geometry_area_px, area, 0.02 * area);
    EXPECT_NEAR(truth.geometry_area_px, total(truth.geometry[0]), 1e-3 * area);
  }
}

INSTANTIATE_TEST_SUITE_P(Radii, StraightTube, testing::Values(2.0, 3.0, 5.5, 9.0));

TEST(Geometry, CallsAmbiguousWhatOfALimbLiesUnderTheLimitAndNothingElse) {
  std::vector<Knot> limb;
  for (int i = 0; i <= 100; ++i) limb.push_back({50.0 + 2 * i, 100, 5, 1 - 0.01 * i});
  PhantomCapillary truth;
  outline_geometry({limb}, 0.4, 400, 200, truth);
  ASSERT_EQ(truth.geometry.size(), 1U);
  ASSERT_EQ(truth.faint.size(), 1U);
  const auto right_end = [](const std::vector<float>& polygon) {
    double x = 0;
    for (std::size_t i = 0; i < polygon.size(); i += 2) x = std::max<double>(x, polygon[i]);
    return x;
  };
  const double half = 5 * std::sqrt(3.0) / 2;
  EXPECT_NEAR(right_end(truth.geometry[0]), 50 + 2 * 60 + half, 2.5);  // where 1 - 0.01 i passes 0.4
  EXPECT_NEAR(right_end(truth.faint[0]), 250 + half, 0.5);
  outline_geometry({limb}, 2, 400, 200, truth);
  EXPECT_TRUE(truth.geometry.empty());
  EXPECT_EQ(truth.geometry_area_px, 0);
}

TEST(Outline, IsCutByTheFrame) {
  Patch patch = draw_tubes({{{-20, 30, 6, 1}, {40, 30, 6, 1}}}, 12);
  blur(patch.values, 2);
  PhantomCapillary truth;
  outline_capillary(patch, 300, 200, truth);
  ASSERT_EQ(truth.outline.size(), 1U);
  EXPECT_EQ(truth.bbox[0], 0);
  EXPECT_GT(truth.bbox[2], 40);
  EXPECT_NEAR(truth.area_px, total(truth.outline[0]), 1e-6);
  EXPECT_LT(truth.area_px, 47 * 13);
}

// Two pieces of one capillary, the second `darkness` times as dark.
PhantomCapillary of_two(double darkness) {
  Patch patch = draw_tubes({{{40, 60, 6, 1}, {80, 60, 6, 1}}, {{120, 60, 6, darkness}, {160, 60, 6, darkness}}}, 12);
  blur(patch.values, 2);
  PhantomCapillary truth;
  outline_capillary(patch, 300, 200, truth);
  return truth;
}

TEST(Outline, OfAPartHalfAsDarkFollowsThatPart) {
  const double even = of_two(1).area_px, half = of_two(0.5).area_px;
  EXPECT_EQ(of_two(0.5).outline.size(), 2U);
  EXPECT_GT(half, even);  // half of the fainter part's depth lies further out on the darker part
  EXPECT_LT(half, 1.25 * even);
}

TEST(Outline, LeavesOutAPartThatIsFainterThanASixth) {
  EXPECT_EQ(of_two(0.15).outline.size(), 1U);
  EXPECT_EQ(of_two(0.25).outline.size(), 2U);
}

TEST(Outline, IsNotRuledByADarkDot) {
  const auto area = [](double dot) {
    Patch patch = draw_tubes({{{40, 60, 6, 1}, {100, 60, 6, 1}}, {{42, 60, 6, dot}}}, 12);
    blur(patch.values, 2);
    PhantomCapillary truth;
    outline_capillary(patch, 300, 200, truth);
    return truth.area_px;
  };
  EXPECT_NEAR(area(2), area(1), 0.1 * area(1));
}

TEST(Outline, TakesTheHoleOfARingAsFilled) {
  std::vector<Knot> ring;
  for (int i = 0; i <= 40; ++i) {
    const double angle = 2 * std::numbers::pi * i / 40;
    ring.push_back({100 + 25 * std::cos(angle), 100 + 25 * std::sin(angle), 4, 1});
  }
  Patch patch = draw_tubes({ring}, 12);
  blur(patch.values, 1.5);
  PhantomCapillary truth;
  outline_capillary(patch, 300, 300, truth);
  ASSERT_EQ(truth.outline.size(), 1U);
  const double outer = truth.bbox[2] / 2;
  EXPECT_NEAR(truth.area_px, std::numbers::pi * outer * outer, 0.03 * truth.area_px);
}

}  // namespace
}  // namespace capillaryx::phantom
