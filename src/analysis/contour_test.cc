// SPDX-License-Identifier: Apache-2.0
#include "analysis/contour.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "analysis/proposer.h"
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

Drawn contours_in(const Proposer& proposer, double min_depth = 0, double length_px = ContourFinder::kEvenLengthPx) {
  ContourFinder contours;
  Drawn drawn;
  std::vector<std::int16_t> values;
  std::vector<OutlineFinder::Point> points;
  for (const Roi& roi : proposer.found.rois) {
    Contour contour;
    RegionDarkness darkness;
    if (!contours.measure(proposer, roi, min_depth, darkness, values)) continue;
    const HalfDepth half = contours.half_depth(proposer, roi, darkness, values);
    if (!contours.draw(proposer, roi, darkness, half, length_px, values, contour, drawn.runs, points)) continue;
    contours.write(contour, points, drawn.capillaries.emplace_back());
  }
  return drawn;
}

Drawn contours_of(const test::Picture& picture, double min_depth = 0, double length_px = ContourFinder::kEvenLengthPx) {
  Proposer proposer;
  proposer.propose(picture.view(), {});
  return contours_in(proposer, min_depth, length_px);
}

double polygon_area(const std::vector<float>& polygon) {
  double area = 0;
  for (std::size_t i = 0; i < polygon.size(); i += 2) {
    const std::size_t j = (i + 2) % polygon.size();
    area += static_cast<double>(polygon[i]) * polygon[j + 1] - static_cast<double>(polygon[j]) * polygon[i + 1];
  }
  return area / 2;
}

// How far from the centre line optical density is half of what it is there, where a vessel takes `depth` grey values
// off the skin and falls as a Gaussian of `sigma`.
double half_depth_distance(double depth, double sigma) {
  const double skin = kSkin[1];
  const double half = skin * (1 - std::sqrt(1 - depth / skin));
  return sigma * std::sqrt(2 * std::log(depth / half));
}

// Area within it: a stadium.
double half_depth_area(double length, double depth, double sigma) {
  const double half = half_depth_distance(depth, sigma);
  return length * 2 * half + 3.14159265 * half * half;
}

// The sigma of a vessel of `sigma` in a picture, in which scattered light widens it.
double seen(double sigma) { return std::hypot(sigma, ContourFinder::kScatterSigmaPx); }

TEST(Contour, HoldsBothEndsOfAVesselThatDivesBetweenThem) {
  Canvas canvas(400, 300, kSkin);
  canvas.darken(test::vessel({{150, 150}, {158, 150}}, 4, 40), kBlood);
  canvas.darken(test::vessel({{180, 150}, {188, 150}}, 4, 40), kBlood);
  canvas.darken(test::vessel({{158, 150}, {180, 150}}, 3, 12), kBlood);
  const Drawn drawn = contours_of(canvas.add_noise(1).picture());
  const auto holds_both = [](const Capillary& one) { return one.bbox[0] < 148 && one.bbox[0] + one.bbox[2] > 190; };
  EXPECT_TRUE(std::any_of(drawn.capillaries.begin(), drawn.capillaries.end(), holds_both));
  for (const Capillary& one : drawn.capillaries) {
    EXPECT_NEAR(polygon_area(one.polygon), static_cast<double>(one.area_px), 0.05 * static_cast<double>(one.area_px));
  }
}

TEST(Contour, IsWhereDarknessFallsToHalfItsDepthAtEveryContrastWidthAndNoise) {
  for (const double depth : {12.0, 25.0, 50.0}) {
    for (const double sigma : {3.0, 4.5, 6.0}) {
      for (const double noise : {0.0, 1.0, 2.5}) {
        Canvas canvas(400, 300, kSkin);
        canvas.darken(test::vessel({{150, 140}, {205, 161}}, seen(sigma), depth), kBlood);
        const Drawn drawn = contours_of(canvas.add_noise(noise).picture());
        ASSERT_EQ(drawn.capillaries.size(), 1U) << depth << ' ' << sigma << ' ' << noise;
        const double truth = half_depth_area(std::hypot(55, 21), depth, sigma);
        EXPECT_NEAR(drawn.capillaries[0].area_px / truth, 1, 0.11) << depth << ' ' << sigma << ' ' << noise;
      }
    }
  }
}

TEST(Contour, NoiseDoesNotRaiseTheDepthOfAFaintOne) {
  double ratio = 0;
  for (unsigned seed = 1; seed <= 8; ++seed) {
    Canvas canvas(400, 300, kSkin);
    canvas.darken(test::vessel({{150, 140}, {205, 161}}, seen(5), 12), kBlood);
    const Drawn drawn = contours_of(canvas.add_noise(5, seed).picture());
    ASSERT_GE(drawn.capillaries.size(), 1U);
    double largest = 0;
    for (const Capillary& one : drawn.capillaries) largest = std::max(largest, static_cast<double>(one.area_px));
    ratio += largest / half_depth_area(std::hypot(55, 21), 12, 5) / 8;
  }
  EXPECT_NEAR(ratio, 1, 0.12) << "too small without kUneven";
}

TEST(Contour, IsWiderWhereTheFramesVesselsAreLonger) {
  Canvas canvas(400, 300, kSkin);
  canvas.darken(test::vessel({{150, 140}, {205, 161}}, seen(4.5), 25), kBlood);
  const test::Picture picture = canvas.add_noise(1).picture();
  double last = 0;
  for (const double lengths : {0.5, 1.0, 1.3, ContourFinder::kMostLength}) {
    const Drawn drawn = contours_of(picture, 0, lengths * ContourFinder::kEvenLengthPx);
    ASSERT_EQ(drawn.capillaries.size(), 1U);
    EXPECT_GT(drawn.capillaries[0].area_px, 1.03 * last) << lengths;
    last = static_cast<double>(drawn.capillaries[0].area_px);
  }
  EXPECT_EQ(contours_of(picture, 0, 9 * ContourFinder::kEvenLengthPx).capillaries[0].area_px, last);
}

TEST(Contour, GoesTwoPixelsBeyondARegionThatEndsTooEarlyAndNoFurther) {
  Canvas canvas(400, 300, kSkin);
  canvas.darken(test::vessel({{150, 150}, {220, 150}}, seen(4), 30), kBlood);
  Proposer proposer;
  proposer.propose(canvas.add_noise(1).picture().view(), {});
  ASSERT_EQ(proposer.found.rois.size(), 1U);
  Roi& roi = proposer.found.rois[0];
  constexpr int kEnd = 190;
  roi.width = kEnd - roi.x;
  for (capillaryx::Run& run : proposer.found.runs) {
    ASSERT_LT(run.x, kEnd);
    run.length = std::min(run.length, kEnd - run.x);
  }
  const Drawn drawn = contours_in(proposer);
  ASSERT_EQ(drawn.capillaries.size(), 1U);
  EXPECT_EQ(drawn.capillaries[0].bbox[0] + drawn.capillaries[0].bbox[2], kEnd + 2);
}

TEST(Contour, KnowsHowLongAndWideAVesselIsAtHalfOfItsDepth) {
  Canvas canvas(400, 300, kSkin);
  canvas.darken(test::vessel({{150, 140}, {230, 171}}, 5, 25), kBlood);
  Proposer proposer;
  proposer.propose(canvas.add_noise(1).picture().view(), {});
  ASSERT_EQ(proposer.found.rois.size(), 1U);
  ContourFinder contours;
  RegionDarkness darkness;
  std::vector<std::int16_t> values;
  ASSERT_TRUE(contours.measure(proposer, proposer.found.rois[0], 0, darkness, values));
  const HalfDepth half = contours.half_depth(proposer, proposer.found.rois[0], darkness, values);
  const double width = 2 * half_depth_distance(25, 5);
  EXPECT_NEAR(half.width_px / width, 1, 0.12);
  EXPECT_NEAR(half.length_px / (half_depth_area(std::hypot(80, 31), 25, 5) / width), 1, 0.12);
}

TEST(Contour, FollowsACapillaryThatFades) {
  Canvas canvas(400, 300, kSkin);
  const auto shape = test::vessel({{150, 150}, {220, 150}}, 4, 1);
  canvas.darken([&](double x, double y) { return shape(x, y) * (45 - 22 * std::clamp((x - 150) / 70, 0.0, 1.0)); },
                kBlood);
  const Drawn drawn = contours_of(canvas.add_noise(1).picture());
  ASSERT_EQ(drawn.capillaries.size(), 1U);
  // Half of what nearly all of it reaches, which is the fainter end's depth: the darker end is wider for it.
  EXPECT_GT(drawn.capillaries[0].area_px, half_depth_area(70, 45, 4));
  EXPECT_LT(drawn.capillaries[0].area_px, 1.3 * half_depth_area(70, 30, 4));
  EXPECT_GE(drawn.capillaries[0].bbox[2], 74);
}

TEST(Contour, ADarkDotDoesNotRuleAVesselsDepth) {
  // Its optical density is 2.6 times the vessel's; from 1 / 0.38 on it would begin to.
  Canvas canvas(400, 300, kSkin);
  canvas.darken(test::vessel({{150, 150}, {220, 150}}, 4, 20), kBlood);
  canvas.darken(test::vessel({{151, 150}, {152, 150}}, 4, 26), kBlood);
  const Drawn drawn = contours_of(canvas.add_noise(1).picture());
  ASSERT_EQ(drawn.capillaries.size(), 1U);
  EXPECT_NEAR(drawn.capillaries[0].area_px / half_depth_area(70, 20, 4), 1.1, 0.15);
}

TEST(Contour, AFaintVesselThatRunsIntoACapillaryDoesNotWidenIt) {
  Canvas canvas(400, 300, kSkin);
  canvas.darken(test::vessel({{150, 150}, {200, 150}}, seen(4), 40), kBlood);
  canvas.darken(test::vessel({{200, 150}, {240, 190}, {260, 200}}, seen(4), 6), kBlood);
  const Drawn drawn = contours_of(canvas.add_noise(1).picture(), 0.06);
  ASSERT_EQ(drawn.capillaries.size(), 1U);
  // Only where it lies on the capillary itself.
  EXPECT_NEAR(drawn.capillaries[0].area_px / half_depth_area(50, 40, 4), 1.1, 0.1);
}

TEST(Contour, IsNotDrawnWhereNothingIsDarkEnough) {
  // 7 grey values off skin of 130: an optical density of 0.055.
  Canvas canvas(400, 300, kSkin);
  canvas.darken(test::vessel({{150, 150}, {200, 150}}, 5, 7), kBlood);
  const test::Picture picture = canvas.add_noise(0.5).picture();
  EXPECT_EQ(contours_of(picture, 0.04).capillaries.size(), 1U);
  const Drawn none = contours_of(picture, 0.07);
  EXPECT_TRUE(none.capillaries.empty());
  EXPECT_TRUE(none.runs.empty());
}

TEST(Contour, RunsSmoothlyBetweenPixels) {
  // The polygon of a slanted vessel keeps to its edges within a fraction of a pixel.
  Canvas canvas(400, 300, kSkin);
  const test::Line line{{150, 140}, {205, 161}};
  canvas.darken(test::vessel(line, seen(4), 30), kBlood);
  const Drawn drawn = contours_of(canvas.add_noise(0.5).picture());
  ASSERT_EQ(drawn.capillaries.size(), 1U);
  const std::vector<float>& polygon = drawn.capillaries[0].polygon;
  const double half = half_depth_distance(30, 4);
  double worst = 0;
  for (std::size_t i = 0; i < polygon.size(); i += 2) {
    const double off = test::distance_to(line, static_cast<double>(polygon[i]), static_cast<double>(polygon[i + 1]));
    worst = std::max(worst, std::abs(off - half));
  }
  EXPECT_LT(worst, 0.6);
}

TEST(Contour, BoxIsThatOfThePolygonInWholePixels) {
  for (const Capillary& c : contours_of(test::tissue(800, 600, 24)).capillaries) {
    float x0 = 1e9F, y0 = 1e9F, x1 = 0, y1 = 0;
    for (std::size_t i = 0; i < c.polygon.size(); i += 2) {
      x0 = std::min(x0, c.polygon[i]);
      x1 = std::max(x1, c.polygon[i]);
      y0 = std::min(y0, c.polygon[i + 1]);
      y1 = std::max(y1, c.polygon[i + 1]);
    }
    EXPECT_EQ(c.bbox[0], static_cast<int>(std::floor(x0)));
    EXPECT_EQ(c.bbox[1], static_cast<int>(std::floor(y0)));
    EXPECT_EQ(c.bbox[0] + c.bbox[2], static_cast<int>(std::ceil(x1)));
    EXPECT_EQ(c.bbox[1] + c.bbox[3], static_cast<int>(std::ceil(y1)));
  }
}

TEST(Contour, TakesTheInsideOfALoopAlong) {
  Canvas canvas(400, 300, kSkin);
  const auto ring = [](double x, double y) {
    const double d = (std::hypot(x - 200, y - 150) - 16) / 3;
    return 30 * std::exp(-0.5 * d * d);
  };
  const Drawn drawn = contours_of(canvas.darken(ring, kBlood).add_noise(1).picture());
  ASSERT_EQ(drawn.capillaries.size(), 1U);
  const double outer = 16 + half_depth_distance(30, 3);
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
  const std::int64_t covered = CoveredPixels().count(drawn.runs);
  EXPECT_LE(covered, area);
  EXPECT_GE(covered, area * 9 / 10);
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

TEST(CoveredPixels, AreCountedOnceHoweverOftenTheyAreCovered) {
  CoveredPixels covered;
  const std::vector<capillaryx::Run> runs{{0, 6, 4},  {15, 9, 10}, {10, 9, 10}, {12, 9, 3},
                                          {40, 9, 2}, {0, 6, 4},   {-3, 6, 5},  {0, 0, 1}};
  EXPECT_EQ(covered.count(runs), 15 + 2 + 7 + 1);
  EXPECT_EQ(covered.count({}), 0);
  EXPECT_EQ(covered.count(runs), 15 + 2 + 7 + 1);
}

TEST(CoveredPixels, AreThoseOfAPlainBitmap) {
  std::mt19937 random(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<capillaryx::Run> runs;
    std::vector<bool> bitmap(std::size_t{100} * 40);
    for (unsigned i = random() % 60; i > 0; --i) {
      const capillaryx::Run run{static_cast<int>(random() % 80), static_cast<int>(random() % 40),
                                static_cast<int>(random() % 20)};
      runs.push_back(run);
      std::fill_n(bitmap.begin() + run.y * 100 + run.x, run.length, true);
    }
    EXPECT_EQ(CoveredPixels().count(runs), std::count(bitmap.begin(), bitmap.end(), true));
  }
}

}  // namespace
}  // namespace capillaryx
