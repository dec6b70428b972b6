// SPDX-License-Identifier: Apache-2.0
#include "analysis/capillary_analyzer.h"

#include <gmock/gmock.h>

#include "analysis/test_frames.h"

namespace capillaryx {
namespace {

using test::Canvas;
using test::kBlood;
using test::kGrey;
using test::kSkin;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Options accepting_all() {
  Options options;
  options.min_score = 0;
  return options;
}

std::size_t count_in(const Canvas& canvas) {
  static const auto analyzer = make_capillary_analyzer({});
  return analyzer->analyze(canvas.picture().frame()).capillaries.size();
}

Canvas skin() { return {960, 540, kSkin}; }

TEST(CapillaryAnalyzer, FindsNothingWhereNothingIs) {
  EXPECT_EQ(count_in(Canvas(960, 540, {0, 0, 0})), 0U) << "black";
  EXPECT_EQ(count_in(Canvas(960, 540, {255, 255, 255})), 0U) << "white";
  EXPECT_EQ(count_in(Canvas(960, 540, {128, 128, 128})), 0U) << "mid-grey";
  EXPECT_EQ(count_in(skin()), 0U) << "skin";
  for (const double sigma : {3.0, 6.0, 12.0}) EXPECT_EQ(count_in(skin().add_noise(sigma)), 0U) << "noise " << sigma;
  EXPECT_EQ(count_in(skin().add([](double x, double y) { return 0.05 * x - 0.05 * y; })), 0U) << "gradient";
  EXPECT_EQ(count_in(Canvas(960, 540, {300, 280, 270})), 0U) << "saturated";
}

TEST(CapillaryAnalyzer, FindsNothingInPatterns) {
  const auto stripes = [](double period, double depth) {
    return [=](double x, double) { return std::fmod(x, period) < period / 2 ? depth : 0.0; };
  };
  for (const double period : {12.0, 40.0, 100.0}) {
    EXPECT_EQ(count_in(skin().darken(stripes(period, 40), kGrey)), 0U) << "stripes " << period;
    EXPECT_EQ(count_in(skin().darken(stripes(period, 40), kGrey).add_noise(3)), 0U) << "noisy stripes " << period;
  }
  for (const double side : {8.0, 30.0, 60.0}) {
    const auto checkerboard = [=](double x, double y) {
      return (static_cast<int>(x / side) + static_cast<int>(y / side)) % 2 == 0 ? 60.0 : 0.0;
    };
    EXPECT_EQ(count_in(skin().darken(checkerboard, kGrey)), 0U) << "checkerboard " << side;
  }
}

TEST(CapillaryAnalyzer, FindsNothingOnOneStraightHair) {
  for (const double sigma : {2.0, 4.0, 7.0}) {
    for (const double depth : {30.0, 70.0}) {
      const test::Line line{{-20, 100}, {1000, 420}};
      EXPECT_EQ(count_in(skin().darken(test::vessel(line, sigma, depth), {0.9F, 1, 1}).add_noise(2)), 0U)
          << sigma << ' ' << depth;
    }
  }
}

TEST(CapillaryAnalyzer, GivesDensityAsPixelsInsideContoursOverAllPixels) {
  const auto analyzer = make_capillary_analyzer(accepting_all());
  const test::Picture picture = test::tissue(800, 600, 20);
  const FrameResult result = analyzer->analyze(picture.frame());
  ASSERT_GT(result.capillaries.size(), 5U);
  double area = 0;
  for (const Capillary& c : result.capillaries) area += c.area_px;
  EXPECT_EQ(result.valid_px, 800 * 600);
  EXPECT_EQ(result.width, 800);
  EXPECT_EQ(result.height, 600);
  EXPECT_NEAR(result.density, area / (800 * 600), 1e-4);
}

TEST(CapillaryAnalyzer, GivesTheRegionsThatItsThresholdRefusesAsCandidates) {
  const test::Picture picture = test::tissue(800, 600, 20);
  const FrameResult all = make_capillary_analyzer(accepting_all())->analyze(picture.frame());
  EXPECT_TRUE(all.candidates.empty());
  Options options;
  options.min_score = 1;
  const FrameResult none = make_capillary_analyzer(options)->analyze(picture.frame());
  EXPECT_TRUE(none.capillaries.empty());
  ASSERT_GE(none.candidates.size(), all.capillaries.size());
  for (const Candidate& candidate : none.candidates) EXPECT_LT(candidate.score, 1);
  options.min_score = 0.5;
  const FrameResult some = make_capillary_analyzer(options)->analyze(picture.frame());
  EXPECT_GT(some.capillaries.size(), 0U);
  for (const Candidate& candidate : some.candidates) EXPECT_LT(candidate.score, 0.5);
}

TEST(CapillaryAnalyzer, SaysThatAFrameIsTooSmall) {
  const auto analyzer = make_capillary_analyzer({});
  for (const auto& [width, height] : {std::pair{63, 64}, {64, 63}, {1, 1}}) {
    try {
      analyzer->analyze(Canvas(width, height, kSkin).picture().frame());
      ADD_FAILURE() << width << 'x' << height;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("64 x 64"));
    }
  }
}

TEST(CapillaryAnalyzer, AnalysesEverySizeInColourAndGrey) {
  const auto analyzer = make_capillary_analyzer(accepting_all());
  for (const auto& [width, height] : {std::pair{64, 64}, {65, 97}, {64, 900}, {1500, 64}, {321, 243}}) {
    for (const int channels : {1, 3}) {
      Canvas canvas(width, height, kSkin);
      canvas.darken(test::vessel({{20, 30}, {44, 36}}, 4, 40), kBlood);
      const FrameResult result = analyzer->analyze(canvas.add_noise(1).picture(channels).frame());
      EXPECT_EQ(result.capillaries.size(), 1U) << width << 'x' << height << ' ' << channels;
    }
  }
}

TEST(CapillaryAnalyzer, GivesTheSameForAFrameWhateverCameBefore) {
  const auto first = make_capillary_analyzer(accepting_all()), second = make_capillary_analyzer(accepting_all());
  const Frame frame = test::tissue(640, 480, 12, 2).frame();
  first->analyze(test::tissue(900, 300, 9, 3).frame());
  first->analyze(Canvas(64, 64, kSkin).picture(1).frame());
  const FrameResult a = first->analyze(frame), b = second->analyze(frame);
  ASSERT_EQ(a.capillaries.size(), b.capillaries.size());
  for (std::size_t i = 0; i < a.capillaries.size(); ++i) {
    EXPECT_EQ(a.capillaries[i].bbox, b.capillaries[i].bbox);
    EXPECT_EQ(a.capillaries[i].polygon, b.capillaries[i].polygon);
    EXPECT_EQ(a.capillaries[i].area_px, b.capillaries[i].area_px);
    EXPECT_EQ(a.capillaries[i].score, b.capillaries[i].score);
  }
  EXPECT_EQ(a.density, b.density);
}

TEST(CapillaryAnalyzer, GivesTheSameForAGreyPictureStoredAsGreyAndAsRgb) {
  const auto analyzer = make_capillary_analyzer(accepting_all());
  for (const auto& [width, height] : {std::pair{640, 480}, {321, 243}}) {
    const auto tissue = test::tissue(width, height, 9, 4);
    const PixelView colour = tissue.frame().pixels();
    std::vector<std::uint8_t> grey, rgb;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const std::uint8_t value = colour.row(y)[std::ptrdiff_t{x} * colour.channels + 1];
        grey.push_back(value);
        rgb.insert(rgb.end(), 3, value);
      }
    }
    const FrameResult a = analyzer->analyze(Frame::copy_pixels({}, {grey.data(), width, height, 1, width}));
    const FrameResult b =
        analyzer->analyze(Frame::copy_pixels({}, {rgb.data(), width, height, 3, std::ptrdiff_t{3} * width}));
    EXPECT_FALSE(a.capillaries.empty());
    ASSERT_EQ(a.capillaries.size(), b.capillaries.size());
    for (std::size_t i = 0; i < a.capillaries.size(); ++i) {
      EXPECT_EQ(a.capillaries[i].polygon, b.capillaries[i].polygon);
      EXPECT_EQ(a.capillaries[i].score, b.capillaries[i].score);
    }
    EXPECT_EQ(a.density, b.density);
  }
}

TEST(CapillaryAnalyzer, TimesItsStages) {
  const FrameResult result = make_capillary_analyzer({})->analyze(test::tissue(200, 200, 2).frame());
  std::vector<std::string> names;
  for (const auto& [name, ms] : result.timing.stages_ms) {
    names.push_back(name);
    EXPECT_GE(ms, 0);
  }
  EXPECT_THAT(names, UnorderedElementsAre("reduce", "background", "darkness", "ssim", "rois", "classifier", "density"));
  EXPECT_TRUE(result.stage_pictures.empty());
}

TEST(CapillaryAnalyzer, DrawsTheSixPicturesOfThePaper) {
  Options options = accepting_all();
  options.stages = true;
  const test::Picture frame = test::tissue(301, 200, 3);
  const FrameResult result = make_capillary_analyzer(options)->analyze(frame.frame());
  std::vector<std::string> names;
  for (const StagePicture& picture : result.stage_pictures) {
    names.push_back(picture.name);
    EXPECT_EQ(picture.width, 301);
    EXPECT_EQ(picture.height, 200);
    EXPECT_EQ(picture.pixels.size(), 301U * 200 * static_cast<std::size_t>(picture.channels));
  }
  EXPECT_THAT(names, ElementsAre("a_frame", "b_background", "c_segmentation", "d_ssim", "e_regions", "f_overlay"));
  EXPECT_EQ(result.stage_pictures[0].pixels, frame.bytes);
}

}  // namespace
}  // namespace capillaryx
