// SPDX-License-Identifier: Apache-2.0
#include "analysis/magnification.h"

#include <gtest/gtest.h>

#include <cmath>

namespace capillaryx {
namespace {

Roi region(double size_px, float darkness) {
  Roi roi;
  roi.area_px = static_cast<int>(size_px * size_px);
  roi.darkness = darkness;
  return roi;
}

Darkness noise(float robust_sd) {
  Darkness darkness;
  darkness.robust_sd = robust_sd;
  return darkness;
}

TEST(Magnification, IsOneWhereTooFewRegionsStandOut) {
  EXPECT_EQ(estimate_magnification({}, noise(1)), 1);
  EXPECT_EQ(estimate_magnification(std::vector<Roi>(7, region(10, 9)), noise(1)), 1);
  EXPECT_EQ(estimate_magnification(std::vector<Roi>(50, region(10, 3.9F)), noise(1)), 1) << "noise has a size too";
}

TEST(Magnification, GrowsWithTheRegionsWhateverTheirContrast) {
  double before = 0;
  for (const double size : {10, 20, 40, 80}) {
    const double found = estimate_magnification(std::vector<Roi>(8, region(size, 9)), noise(1));
    EXPECT_GT(found, before);
    EXPECT_EQ(found, estimate_magnification(std::vector<Roi>(8, region(size, 90)), noise(10)));
    before = found;
  }
}

TEST(Magnification, IsExactlyOneNearOneAndElseAQuarterOfAnOctave) {
  for (const double value : {0.85, 0.95, 1.0, 1.18}) EXPECT_EQ(rounded_magnification(value), 1);
  for (double value = 0.01; value < 20; value *= 1.07) {
    const double steps = 4 * std::log2(rounded_magnification(value));
    EXPECT_NEAR(steps, std::round(steps), 1e-9);
    EXPECT_GE(rounded_magnification(value), kLeastMagnification);
    EXPECT_LE(rounded_magnification(value), kMostMagnification);
  }
}

TEST(Magnification, ScaledResultsStayInsideTheFrame) {
  FrameResult result;
  result.width = 270;
  result.height = 191;
  Capillary capillary;
  capillary.bbox = {200, 150, 70, 41};
  capillary.polygon = {200, 150, 270, 150, 270, 191, 200, 191};
  capillary.area_px = 70 * 41;
  result.capillaries = {capillary};
  result.candidates = {{{269, 190, 1, 1}, 0.2F}};
  result.density = 0.1;
  scale_result(result, 99, 71);
  EXPECT_EQ(result.width, 99);
  EXPECT_EQ(result.valid_px, 99 * 71);
  EXPECT_EQ(result.density, 0.1);
  const auto& scaled = result.capillaries[0];
  EXPECT_LE(scaled.bbox[0] + scaled.bbox[2], 99);
  EXPECT_LE(scaled.bbox[1] + scaled.bbox[3], 71);
  EXPECT_LE(scaled.area_px, scaled.bbox[2] * scaled.bbox[3]);
  for (std::size_t i = 0; i < scaled.polygon.size(); i += 2) {
    EXPECT_LE(scaled.polygon[i], 99);
    EXPECT_LE(scaled.polygon[i + 1], 71);
  }
  const auto& box = result.candidates[0].bbox;
  EXPECT_LE(box[0] + box[2], 99);
  EXPECT_LE(box[1] + box[3], 71);
}

}  // namespace
}  // namespace capillaryx
