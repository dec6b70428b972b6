// SPDX-License-Identifier: Apache-2.0
#include "analysis/density.h"

#include <gmock/gmock.h>

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
  density.measure_regions(proposer, 0);
  EXPECT_EQ(density.rois().size(), 2U);
  density.measure_regions(proposer, 0.08);
  ASSERT_EQ(density.rois().size(), 1U);
  EXPECT_LT(density.rois()[0].x, 250);
}

TEST(DensityStage, CountsThePixelsOfTheCapillariesAlone) {
  const test::Picture picture = test::tissue(800, 600, 20);
  Proposer proposer;
  proposer.propose(picture.view(), {});
  DensityStage density;
  density.measure_regions(proposer, 0);
  ASSERT_GT(density.rois().size(), 4U);
  std::vector<float> scores;
  for (std::size_t i = 0; i < density.rois().size(); ++i) scores.push_back(i % 2 == 0 ? 0.9F : 0.1F);
  density.draw_chosen(proposer, 0.5, scores);
  FrameResult result;
  density.write(
      picture.view(), [](std::size_t) { return 0.9; }, result);
  EXPECT_EQ(result.capillaries.size(), (density.rois().size() + 1) / 2);
  double area = 0;
  for (const Capillary& capillary : result.capillaries) {
    EXPECT_EQ(capillary.score, 0.9);
    area += static_cast<double>(capillary.area_px);
  }
  EXPECT_NEAR(result.density, area / (800 * 600), 0.02 * result.density);
  EXPECT_EQ(result.valid_px, 800 * 600);
}

// Two vessels, and a third region that is joined of both and has no pixels.
struct Readings {
  Proposer proposer;
  DensityStage density;

  explicit Readings(double min_depth) {
    test::Canvas canvas(500, 300, test::kSkin);
    canvas.darken(test::vessel({{100, 150}, {150, 150}}, 4, 30), test::kBlood);
    canvas.darken(test::vessel({{300, 150}, {350, 150}}, 4, 30), test::kBlood);
    proposer.propose(canvas.add_noise(0.5).picture().view(), {});
    std::vector<Roi>& rois = proposer.found.rois;
    EXPECT_EQ(rois.size(), 2U);
    Roi joined;
    joined.x = rois[0].x;
    joined.y = rois[0].y;
    joined.width = rois[1].x + rois[1].width - rois[0].x;
    joined.height = rois[0].height;
    for (Roi& part : rois) part.within = 2;
    rois.push_back(joined);
    density.measure_regions(proposer, min_depth);
  }
};

TEST(DensityStage, ChoosesAgainWhereWhatWasChosenHasNoContour) {
  Readings readings(-1);
  ASSERT_EQ(readings.density.rois().size(), 3U);
  std::vector<float> scores{0.7F, 0.6F, 0.9F};
  readings.density.draw_chosen(readings.proposer, 0.5, scores);
  EXPECT_THAT(readings.density.chosen(), testing::ElementsAre(0, 1));
  EXPECT_THAT(scores, testing::ElementsAre(0.7F, 0.6F, RegionChoice::kNoRegion));
  // The same as if it had never been there.
  Readings without(0.01);
  ASSERT_EQ(without.density.rois().size(), 2U);
  std::vector<float> two{0.7F, 0.6F};
  without.density.draw_chosen(without.proposer, 0.5, two);
  EXPECT_EQ(without.density.chosen(), readings.density.chosen());
}

// The area of one vessel in a frame of others, each `length` px long.
std::int64_t area_among(double length, int others) {
  test::Canvas canvas(1000, 600, test::kSkin);
  canvas.darken(test::vessel({{100, 80}, {150, 80}}, 5, 30), test::kBlood);
  for (int i = 0; i < others; ++i) {
    const double x = 100 + 250 * (i % 4), y = 200 + 150 * (i / 4);
    canvas.darken(test::vessel({{x, y}, {x + length, y}}, 5, 30), test::kBlood);
  }
  Proposer proposer;
  proposer.propose(canvas.add_noise(0.5).picture().view(), {});
  DensityStage density;
  density.measure_regions(proposer, 0);
  std::vector<float> scores(density.rois().size(), 0.9F);
  density.draw_chosen(proposer, 0.5, scores);
  EXPECT_EQ(density.chosen().size(), static_cast<std::size_t>(others + 1));
  Capillary first;
  density.write_contour(0, first);
  EXPECT_LT(first.bbox[1], 100);
  return first.area_px;
}

TEST(DensityStage, TakesWhatIsTypicalOfTheFrameFromAllThatIsChosenAndNotFromAFew) {
  EXPECT_GT(static_cast<double>(area_among(160, 10)), 1.05 * static_cast<double>(area_among(30, 10)));
  const double none = static_cast<double>(area_among(160, 0));
  EXPECT_NEAR(static_cast<double>(area_among(160, 1)) / none, 1, 0.035);
}

TEST(DensityStage, DrawsNoContourOfWhatIsNotChosen) {
  Readings readings(-1);
  std::vector<float> scores{0.9F, 0.4F, 0.7F};
  readings.density.draw_chosen(readings.proposer, 0.5, scores);
  EXPECT_THAT(readings.density.chosen(), testing::ElementsAre(0));
  // The joined one was not asked for its contour.
  EXPECT_EQ(scores[2], 0.7F);
}

TEST(DensityStage, DrawsARegionTheSameInAnyOrder) {
  const test::Picture picture = test::tissue(800, 600, 20);
  Proposer proposer;
  proposer.propose(picture.view(), {});
  DensityStage forwards, backwards;
  forwards.measure_regions(proposer, 0);
  backwards.measure_regions(proposer, 0);
  const std::size_t count = forwards.rois().size();
  ASSERT_GT(count, 4U);
  for (std::size_t i = 0; i < count; ++i) EXPECT_TRUE(forwards.draw(proposer, i));
  for (std::size_t i = count; i-- > 0;) EXPECT_TRUE(backwards.draw(proposer, i));
  for (std::size_t i = 0; i < count; ++i) {
    Capillary a, b;
    forwards.write_contour(i, a);
    backwards.write_contour(i, b);
    EXPECT_EQ(a.polygon, b.polygon);
    EXPECT_EQ(a.area_px, b.area_px);
  }
}

}  // namespace
}  // namespace capillaryx
