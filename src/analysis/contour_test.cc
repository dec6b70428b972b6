// SPDX-License-Identifier: Apache-2.0
#include "analysis/contour.h"

#include <gmock/gmock.h>

#include <cmath>

#include "analysis/test_frames.h"

namespace capillaryx {
namespace {

using test::Canvas;
using test::kBlood;
using test::kSkin;

struct Drawn {
  std::vector<Capillary> capillaries;
  std::vector<Run> runs;
};

Drawn contours_of(const test::Picture& picture) {
  ReducedFrame reduced;
  Background background;
  Darkness darkness;
  SsimMap ssim;
  RoiFinder finder;
  Rois rois;
  reduce_frame(picture.view(), reduced);
  background.fit(reduced, {});
  measure_darkness(reduced, background, darkness);
  ssim.measure(darkness, 4);
  finder.find(darkness, ssim, {}, rois);
  ContourFinder contours;
  Drawn drawn;
  for (const Roi& roi : rois.rois) {
    Capillary capillary;
    if (contours.find(picture.view(), background, rois, roi, capillary, drawn.runs))
      drawn.capillaries.push_back(capillary);
  }
  return drawn;
}

double polygon_area(const std::vector<float>& polygon) {
  double area = 0;
  for (std::size_t i = 0; i < polygon.size(); i += 2) {
    const std::size_t j = (i + 2) % polygon.size();
    area += static_cast<double>(polygon[i]) * polygon[j + 1] - static_cast<double>(polygon[j]) * polygon[i + 1];
  }
  return area / 2;
}

// Area within half depth of a straight vessel of Gaussian profile: a stadium as wide as the profile's full width at
// half maximum.
double half_depth_area(double length, double sigma) {
  const double half = std::sqrt(2 * std::log(2.0)) * sigma;
  return length * 2 * half + 3.14159265 * half * half;
}

TEST(Contour, IsWhereDarknessFallsToHalfItsDepthAtEveryContrastWidthAndNoise) {
  for (const double depth : {12.0, 25.0, 50.0}) {
    for (const double sigma : {3.0, 4.5, 6.0}) {
      for (const double noise : {0.0, 1.0, 2.5}) {
        Canvas canvas(400, 300, kSkin);
        canvas.darken(test::vessel({{150, 140}, {205, 161}}, sigma, depth), kBlood);
        const Drawn drawn = contours_of(canvas.add_noise(noise).picture());
        ASSERT_EQ(drawn.capillaries.size(), 1U) << depth << ' ' << sigma << ' ' << noise;
        const double truth = half_depth_area(std::hypot(55, 21), sigma);
        EXPECT_NEAR(drawn.capillaries[0].area_px / truth, 1, noise > 2 ? 0.13 : 0.10)
            << depth << ' ' << sigma << ' ' << noise;
      }
    }
  }
}

TEST(Contour, FollowsACapillaryThatFades) {
  Canvas canvas(400, 300, kSkin);
  const auto shape = test::vessel({{150, 150}, {220, 150}}, 4, 1);
  canvas.darken([&](double x, double y) { return shape(x, y) * (45 - 22 * std::clamp((x - 150) / 70, 0.0, 1.0)); },
                kBlood);
  const Drawn drawn = contours_of(canvas.add_noise(1).picture());
  ASSERT_EQ(drawn.capillaries.size(), 1U);
  EXPECT_NEAR(drawn.capillaries[0].area_px / half_depth_area(70, 4), 1, 0.12);
}

TEST(Contour, TakesTheInsideOfALoopAlong) {
  Canvas canvas(400, 300, kSkin);
  const auto ring = [](double x, double y) {
    const double d = (std::hypot(x - 200, y - 150) - 16) / 3;
    return 30 * std::exp(-0.5 * d * d);
  };
  const Drawn drawn = contours_of(canvas.darken(ring, kBlood).add_noise(1).picture());
  ASSERT_EQ(drawn.capillaries.size(), 1U);
  const double outer = 16 + std::sqrt(2 * std::log(2.0)) * 3;
  EXPECT_NEAR(drawn.capillaries[0].area_px / (3.14159265 * outer * outer), 1, 0.08);
}

TEST(Contour, PolygonLiesInItsBoxAndHasTheAreaOfItsPixels) {
  const Drawn drawn = contours_of(test::tissue(800, 600, 24));
  ASSERT_GT(drawn.capillaries.size(), 8U);
  std::int64_t area = 0;
  for (const Capillary& c : drawn.capillaries) {
    ASSERT_GE(c.polygon.size(), 6U);
    ASSERT_EQ(c.polygon.size() % 2, 0U);
    for (std::size_t i = 0; i < c.polygon.size(); i += 2) {
      EXPECT_GE(c.polygon[i], c.bbox[0]);
      EXPECT_LE(c.polygon[i], c.bbox[0] + c.bbox[2]);
      EXPECT_GE(c.polygon[i + 1], c.bbox[1]);
      EXPECT_LE(c.polygon[i + 1], c.bbox[1] + c.bbox[3]);
    }
    EXPECT_NEAR(polygon_area(c.polygon), c.area_px, 4 + 0.06 * c.area_px);
    EXPECT_LE(c.area_px, c.bbox[2] * c.bbox[3]);
    area += c.area_px;
  }
  std::vector<capillaryx::Run> runs = drawn.runs;
  EXPECT_LE(covered_px(runs), area);
  EXPECT_GE(covered_px(runs), area * 9 / 10);
}

TEST(Contour, AtTheFramesBorderStaysInside) {
  Canvas canvas(300, 200, kSkin);
  canvas.darken(test::vessel({{0, 60}, {30, 70}}, 4, 40), kBlood);
  canvas.darken(test::vessel({{280, 199}, {299, 160}}, 4, 40), kBlood);
  canvas.darken(test::vessel({{150, 0}, {160, 25}}, 4, 40), kBlood);
  const Drawn drawn = contours_of(canvas.add_noise(1).picture());
  EXPECT_EQ(drawn.capillaries.size(), 3U);
  for (const Capillary& c : drawn.capillaries) {
    EXPECT_GE(c.bbox[0], 0);
    EXPECT_GE(c.bbox[1], 0);
    EXPECT_LE(c.bbox[0] + c.bbox[2], 300);
    EXPECT_LE(c.bbox[1] + c.bbox[3], 200);
  }
}

TEST(CoveredPx, CountsAPixelOnceHoweverOftenItIsCovered) {
  std::vector<capillaryx::Run> runs{{10, 5, 10}, {15, 5, 10}, {12, 5, 3}, {40, 5, 2}, {0, 6, 4}, {0, 6, 4}};
  EXPECT_EQ(covered_px(runs), 15 + 2 + 4);
  runs.clear();
  EXPECT_EQ(covered_px(runs), 0);
}

}  // namespace
}  // namespace capillaryx
