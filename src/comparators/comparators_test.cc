// SPDX-License-Identifier: Apache-2.0
#include "comparators/comparators.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "analysis/test_frames.h"
#include "comparators/binary_regions.h"
#include "comparators/skeleton.h"

namespace capillaryx {
namespace {

using test::Canvas;
using test::kBlood;
using test::kSkin;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAreArray;

constexpr RegionLimits kAnySize{1, 1e9, 1e9};

const std::vector<AnalyzerFactory> kAll{make_background_ssim_analyzer, make_tophat_skeleton_analyzer,
                                        make_clahe_otsu_analyzer};

constexpr std::array<std::pair<double, double>, 4> kPlaces{{{120, 150}, {330, 140}, {520, 160}, {300, 380}}};

/// Skin with four commas, each 40 px long and 10 px wide.
Frame four_commas() {
  Canvas canvas(640, 480, kSkin);
  for (const auto& [x, y] : kPlaces) canvas.darken(test::vessel({{x, y}, {x + 40, y + 10}}, 4, 40), kBlood);
  return canvas.add_noise(1).picture().frame();
}

/// How many of the four a result has a box around.
int found_in(const FrameResult& result) {
  return static_cast<int>(std::count_if(kPlaces.begin(), kPlaces.end(), [&](const auto& place) {
    return std::any_of(result.capillaries.begin(), result.capillaries.end(), [&](const Capillary& one) {
      const auto [x, y, width, height] = one.bbox;
      return x < place.first + 20 && place.first + 20 < x + width && y < place.second + 5 &&
             place.second + 5 < y + height && width < 80 && height < 60;
    });
  }));
}

TEST(Regions, HaveTheCoordinatesOfPixelCorners) {
  cv::Mat binary = cv::Mat::zeros(100, 120, CV_8U);
  binary.at<std::uint8_t>(5, 3) = 255;
  cv::rectangle(binary, cv::Rect(10, 20, 30, 6), 255, cv::FILLED);
  FrameResult result;
  regions_to_result(binary, binary, kAnySize, result);
  ASSERT_EQ(result.capillaries.size(), 2U);
  EXPECT_THAT(result.capillaries[0].bbox, ElementsAre(3, 5, 1, 1));
  EXPECT_EQ(result.capillaries[0].area_px, 1);
  EXPECT_THAT(result.capillaries[1].bbox, ElementsAre(10, 20, 30, 6));
  EXPECT_EQ(result.capillaries[1].area_px, 180);
  EXPECT_THAT(result.capillaries[1].polygon, UnorderedElementsAreArray({10, 20, 10, 26, 40, 26, 40, 20}));
  EXPECT_DOUBLE_EQ(result.density, 181.0 / 12000);
  EXPECT_EQ(result.valid_px, 12000);
}

TEST(Regions, HaveAnOutlineWhoseAreaIsNearTheirPixels) {
  cv::Mat binary = cv::Mat::zeros(100, 100, CV_8U);
  cv::ellipse(binary, {50, 50}, {30, 12}, 30, 0, 360, 255, cv::FILLED);
  FrameResult result;
  regions_to_result(binary, binary, kAnySize, result);
  ASSERT_EQ(result.capillaries.size(), 1U);
  const std::vector<float>& outline = result.capillaries[0].polygon;
  double twice = 0;
  for (std::size_t i = 0; i < outline.size(); i += 2) {
    const std::size_t next = (i + 2) % outline.size();
    twice += static_cast<double>(outline[i] * outline[next + 1] - outline[next] * outline[i + 1]);
  }
  EXPECT_NEAR(std::abs(twice) / 2, result.capillaries[0].area_px, 0.03 * result.capillaries[0].area_px);
}

TEST(Regions, OutsideTheLimitsAreLeftOut) {
  cv::Mat binary = cv::Mat::zeros(200, 400, CV_8U);
  cv::rectangle(binary, cv::Rect(10, 10, 5, 5), 255, cv::FILLED);      // too small
  cv::rectangle(binary, cv::Rect(10, 50, 320, 4), 255, cv::FILLED);    // too long
  cv::rectangle(binary, cv::Rect(10, 80, 100, 100), 255, cv::FILLED);  // too large
  cv::rectangle(binary, cv::Rect(200, 100, 30, 10), 255, cv::FILLED);
  FrameResult result;
  regions_to_result(binary, binary, {60, 5000, 300}, result);
  ASSERT_EQ(result.capillaries.size(), 1U);
  EXPECT_EQ(result.capillaries[0].area_px, 300);
}

TEST(Regions, ThatAreStrongerScoreHigher) {
  cv::Mat strength = cv::Mat::zeros(100, 100, CV_8U);
  cv::rectangle(strength, cv::Rect(10, 10, 20, 10), 200, cv::FILLED);
  cv::rectangle(strength, cv::Rect(10, 50, 20, 10), 100, cv::FILLED);
  FrameResult result;
  regions_to_result(strength > 0, strength, kAnySize, result);
  ASSERT_EQ(result.capillaries.size(), 2U);
  EXPECT_DOUBLE_EQ(result.capillaries[0].score, 200.0 / 255);
  EXPECT_DOUBLE_EQ(result.capillaries[1].score, 100.0 / 255);
}

TEST(Skeleton, OfABarIsOneLineThroughItsMiddle) {
  cv::Mat bar = cv::Mat::zeros(60, 100, CV_8U);
  cv::rectangle(bar, cv::Rect(10, 20, 70, 9), 255, cv::FILLED);
  const cv::Mat line = skeleton_of(bar);
  EXPECT_NEAR(cv::countNonZero(line), 62, 6);
  for (int x = 20; x < 70; ++x) {
    EXPECT_EQ(cv::countNonZero(line.col(x)), 1) << x;
    EXPECT_NE(line.at<std::uint8_t>(24, x), 0) << x;
  }
}

TEST(Skeleton, KeepsWhatIsConnectedInOnePieceAndHolesOpen) {
  cv::Mat ring = cv::Mat::zeros(100, 100, CV_8U);
  cv::circle(ring, {50, 50}, 30, 255, 9);
  cv::line(ring, {50, 80}, {95, 95}, 255, 7);
  const cv::Mat line = skeleton_of(ring);
  cv::Mat labels;
  EXPECT_EQ(cv::connectedComponents(line, labels, 8), 2) << "background and one line";
  EXPECT_EQ(cv::connectedComponents(line == 0, labels, 4), 3) << "inside, outside, line";
  EXPECT_LT(cv::countNonZero(line), 300);
}

TEST(Skeleton, OfNothingIsNothingAndOfTheBorderInside) {
  EXPECT_EQ(cv::countNonZero(skeleton_of(cv::Mat::zeros(64, 64, CV_8U))), 0);
  const cv::Mat whole = skeleton_of(cv::Mat(64, 64, CV_8U, cv::Scalar(255)));
  EXPECT_EQ(whole.size(), cv::Size(64, 64));
  EXPECT_GE(cv::countNonZero(whole), 1);
}

TEST(Comparators, FindDarkVesselsOnEvenSkin) {
  const Frame frame = four_commas();
  for (const AnalyzerFactory& make : kAll) {
    const auto analyzer = make({});
    const FrameResult result = analyzer->analyze(frame);
    EXPECT_EQ(found_in(result), 4) << analyzer->name();
    EXPECT_GT(result.density, 0.003) << analyzer->name();
    EXPECT_EQ(result.valid_px, 640 * 480) << analyzer->name();
  }
}

TEST(Comparators, FindNothingBrightAndNothingOnAnEvenFrame) {
  Canvas bright(320, 240, kSkin);
  bright.add(test::vessel({{100, 100}, {140, 110}}, 4, 40));
  for (const AnalyzerFactory& make : kAll) {
    const auto analyzer = make({});
    EXPECT_EQ(analyzer->analyze(Canvas(320, 240, kSkin).picture().frame()).capillaries.size(), 0U) << analyzer->name();
    EXPECT_EQ(analyzer->analyze(Canvas(320, 240, {0, 0, 0}).picture().frame()).capillaries.size(), 0U)
        << analyzer->name();
    const FrameResult result = analyzer->analyze(bright.picture().frame());
    for (const Capillary& one : result.capillaries) {
      const auto [x, y, width, height] = one.bbox;
      EXPECT_FALSE(x > 95 && x + width < 145 && y > 95 && y + height < 115) << analyzer->name();
    }
  }
}

TEST(Comparators, GiveTheSameForAFrameWhateverCameBefore) {
  const Frame frame = test::tissue(640, 480, 12, 2).frame();
  for (const AnalyzerFactory& make : kAll) {
    const auto used = make({}), fresh = make({});
    used->analyze(test::tissue(500, 300, 9, 3).frame());
    const FrameResult a = used->analyze(frame), b = fresh->analyze(frame);
    ASSERT_EQ(a.capillaries.size(), b.capillaries.size()) << used->name();
    EXPECT_EQ(a.density, b.density) << used->name();
    for (std::size_t i = 0; i < a.capillaries.size(); ++i) {
      EXPECT_EQ(a.capillaries[i].polygon, b.capillaries[i].polygon);
      EXPECT_EQ(a.capillaries[i].score, b.capillaries[i].score);
    }
  }
}

TEST(Comparators, RefuseAFrameThatIsTooSmallWithItsSize) {
  for (const AnalyzerFactory& make : kAll) {
    try {
      make({})->analyze(Canvas(63, 64, kSkin).picture().frame());
      ADD_FAILURE() << "taken";
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("63 x 64"));
    }
  }
}

TEST(TophatSkeleton, TellsTheLengthOfTheMiddleLines) {
  const FrameResult result = make_tophat_skeleton_analyzer({})->analyze(four_commas());
  EXPECT_NEAR(result.values.at("skeleton_px"), 4 * 41, 40);
}

TEST(TophatSkeleton, IsNotMisledByShade) {
  Canvas canvas(640, 480, kSkin);
  for (const auto& [x, y] : kPlaces) canvas.darken(test::vessel({{x, y}, {x + 40, y + 10}}, 4, 40), kBlood);
  canvas.add([](double x, double y) { return 0.12 * x - 0.1 * y; });
  EXPECT_EQ(found_in(make_tophat_skeleton_analyzer({})->analyze(canvas.add_noise(1).picture().frame())), 4);
}

}  // namespace
}  // namespace capillaryx
