// SPDX-License-Identifier: Apache-2.0
#include "analysis/density.h"

#include <gtest/gtest.h>

#include "analysis/test_frames.h"

namespace capillaryx {
namespace {

TEST(DensityStage, OffersOnlyRegionsThatAreDeepEnough) {
  test::Canvas canvas(500, 300, test::kSkin);
  canvas.darken(test::vessel({{100, 150}, {150, 150}}, 4, 30), test::kBlood);
  canvas.darken(test::vessel({{300, 150}, {350, 150}}, 5, 6), test::kBlood);
  const test::Picture picture = canvas.add_noise(0.5).picture();
  Proposer proposer;
  proposer.propose(picture.view(), {});
  ASSERT_EQ(proposer.found.rois.size(), 2U);
  DensityStage density;
  density.draw_contours(proposer, 0);
  EXPECT_EQ(density.rois().size(), 2U);
  density.draw_contours(proposer, 0.08);
  ASSERT_EQ(density.rois().size(), 1U);
  EXPECT_LT(density.rois()[0].x, 250);
}

TEST(DensityStage, CountsThePixelsOfTheCapillariesAlone) {
  const test::Picture picture = test::tissue(800, 600, 20);
  Proposer proposer;
  proposer.propose(picture.view(), {});
  DensityStage density;
  density.draw_contours(proposer, 0);
  ASSERT_GT(density.rois().size(), 4U);
  FrameResult result;
  density.measure(
      picture.view(), 0.5, [](std::size_t i) { return i % 2 == 0 ? 0.9 : 0.1; }, result);
  EXPECT_EQ(result.capillaries.size(), (density.rois().size() + 1) / 2);
  double area = 0;
  for (const Capillary& capillary : result.capillaries) {
    EXPECT_EQ(capillary.score, 0.9);
    area += static_cast<double>(capillary.area_px);
  }
  EXPECT_NEAR(result.density, area / (800 * 600), 0.02 * result.density);
  EXPECT_EQ(result.valid_px, 800 * 600);
}

}  // namespace
}  // namespace capillaryx
