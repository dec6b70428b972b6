// SPDX-License-Identifier: Apache-2.0
#include "study/read_measurements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

using testing::HasSubstr;

FrameResult frame(const std::string& file, int capillaries, std::optional<std::int64_t> page = std::nullopt) {
  FrameResult result;
  result.file = result.source = file;
  result.page = page;
  result.width = 100;
  result.height = 100;
  result.valid_px = 10'000;
  for (int i = 0; i < capillaries; ++i) result.capillaries.push_back({{i * 10, 0, 10, 10}, {}, 100, 0.9});
  result.density = capillaries / 100.0;
  return result;
}

FrameResult clip_frame(const std::string& file, int capillaries, std::int64_t page) {
  FrameResult result = frame(file, capillaries, page);
  result.clip = file;
  return result;
}

constexpr const char* kClipLine =
    R"({"type":"clip","file":"s1/v1/a.avi","count":7,"density":0.05,"seen_px":20000,"reason":null,)"
    R"("capillaries":[{"polygon":[0,0,10,0,10,10,0,10]}]})";

TEST(Measurements, AStillIsAFieldWithTheLabelsOfItsFolders) {
  const Study study;
  MeasurementReader reader(study, std::nullopt);
  reader.add(frame("s1/v1/a.png", 3));
  const auto all = reader.finish();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_FALSE(all[0].clip);
  EXPECT_EQ(all[0].labels.at("subject"), "s1");
  EXPECT_EQ(all[0].values.at("count"), 3);
  EXPECT_EQ(all[0].values.at("density"), 0.03);
  EXPECT_FALSE(all[0].values.contains("count_per_mm2"));
}

TEST(Measurements, AClipIsOneValueOfItsLineHoweverManyFramesItHas) {
  const Study study;
  for (const int frames : {2, 250}) {
    MeasurementReader reader(study, 2.0);
    for (int page = 0; page < frames; ++page) reader.add(clip_frame("s1/v1/a.avi", page % 5, page));
    reader.add_line(kClipLine);
    const auto all = reader.finish();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_TRUE(all[0].clip);
    EXPECT_EQ(all[0].frames, frames);
    EXPECT_DOUBLE_EQ(all[0].values.at("count"), 7);
    EXPECT_DOUBLE_EQ(all[0].values.at("density"), 0.05);
    EXPECT_DOUBLE_EQ(all[0].values.at("count_per_mm2"), 7 / 0.08);
    EXPECT_DOUBLE_EQ(all[0].values.at("capillary_area_um2"), 400);
    EXPECT_EQ(all[0].note, "");
  }
}

TEST(Measurements, AClipWithoutAResultIsLeftOutWithItsReason) {
  const Study study;
  MeasurementReader reader(study, std::nullopt);
  reader.add(clip_frame("a.avi", 3, 0));
  reader.add_line(R"({"type":"clip","file":"a.avi","count":null,"density":null,"reason":"too few frames register"})");
  const auto all = reader.finish();
  EXPECT_THAT(all[0].reason, HasSubstr("too few frames register"));
  EXPECT_TRUE(all[0].values.empty());
}

TEST(Measurements, PagesOfAStackWithoutATimeAxisAreFieldsOfTheirOwn) {
  Study study;
  study.rows.push_back({"stack.tif", {{"subject", "s9"}}, {}, {}, "", "", "", 2});
  MeasurementReader reader(study, std::nullopt);
  reader.add(frame("stack.tif", 1, 0));
  reader.add(frame("stack.tif", 2, 1));
  const auto all = reader.finish();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].file, "stack.tif#1");
  EXPECT_EQ(all[1].labels.at("subject"), "s9");
}

TEST(Measurements, FramesThatAreNotUsableAreLeftOutUnlessTheRunKeepsThem) {
  FrameResult blurred = frame("a.png", 3);
  blurred.quality = FrameQuality{false, {"out of focus"}, {}};
  const Study study;
  MeasurementReader reader(study, std::nullopt);
  reader.add(blurred);
  EXPECT_EQ(reader.finish()[0].reason, "not usable: out of focus");
  MeasurementReader keeps(study, std::nullopt, true);
  keeps.add(blurred);
  EXPECT_EQ(keeps.finish()[0].reason, "");
}

TEST(Measurements, TheStudysScaleWinsOverTheOptionAndTheFile) {
  Study study;
  study.rows.push_back({"a.png", {}, 3.0, {}, "", "", "", 2});
  FrameResult with_scale = frame("a.png", 3);
  with_scale.scale_um_per_px = 1;
  FrameResult other = frame("b.png", 3);
  other.scale_um_per_px = 1;
  MeasurementReader reader(study, 2.0);
  reader.add(with_scale);
  reader.add(other);
  const auto all = reader.finish();
  EXPECT_EQ(all[0].scale_um_per_px, 3);
  EXPECT_EQ(all[0].scale_from, "study");
  EXPECT_EQ(all[1].scale_um_per_px, 2);
}

TEST(Measurements, AClipLineThatCannotBeIsAnError) {
  const Study study;
  MeasurementReader reader(study, std::nullopt);
  reader.add(clip_frame("a.avi", 3, 0));
  for (const char* line :
       {R"({"type":"clip")", R"({"type":"clip","file":3})", R"({"type":"clip","file":"other"})",
        R"({"type":"clip","file":"a.avi","count":-1})", R"({"type":"clip","file":"a.avi","count":"x"})"}) {
    MeasurementReader once = reader;
    EXPECT_THROW(once.add_line(line), Error) << line;
  }
}

}  // namespace
}  // namespace capillaryx
