// SPDX-License-Identifier: Apache-2.0
#include "evaluation/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "capillaryx/error.h"
#include "evaluation/coco_reader.h"
#include "evaluation/evaluation_text.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

using ::testing::HasSubstr;

Label label(double x, double y, double side = 10) { return {{x, y, side, side}, side * side}; }
Detection detection(double x, double y, double score, double side = 10) {
  return {{x, y, side, side}, score, side * side};
}
LabelledFrame frame(const std::string& name, std::vector<Label> labels, std::vector<Detection> detections) {
  LabelledFrame made;
  made.name = name;
  made.capillaries = std::move(labels);
  made.detections = std::move(detections);
  return made;
}

TEST(Evaluate, IsPerfectWhereDetectionsEqualLabels) {
  const Evaluation result =
      evaluate({frame("a.png", {label(0, 0), label(50, 50)}, {detection(0, 0, 0.9), detection(50, 50, 0.8)})}, 0.3);
  EXPECT_EQ(result.total.precision, 1);
  EXPECT_EQ(result.total.recall, 1);
  EXPECT_EQ(result.total.ap, 1);
  EXPECT_EQ(result.total.count_error, 0);
  EXPECT_EQ(result.total.density_error, 0);
  EXPECT_FALSE(result.intervals);
}

TEST(Evaluate, CountsMissesAndFalseAlarms) {
  const Evaluation result = evaluate({frame("a.png", {label(0, 0), label(50, 50)},
                                            {detection(0, 0, 0.9), detection(200, 0, 0.8), detection(300, 0, 0.7)})},
                                     0.3);
  EXPECT_DOUBLE_EQ(result.total.precision, 1.0 / 3);
  ASSERT_EQ(result.frames[0].missed.size(), 1U);
  EXPECT_EQ(result.frames[0].missed[0].x, 50);
  ASSERT_EQ(result.frames[0].false_alarms.size(), 2U);
  EXPECT_EQ(result.frames[0].false_alarms[0].score, 0.8);
  EXPECT_EQ(result.frames[0].false_alarms[1].box.x, 300);
  EXPECT_DOUBLE_EQ(result.total.recall, 0.5);
  EXPECT_DOUBLE_EQ(result.total.ap, 0.5);
  EXPECT_DOUBLE_EQ(result.total.count_error, 0.5);
  EXPECT_DOUBLE_EQ(result.total.density_error, 0.5);
}

TEST(Evaluate, LetsTheHigherScoreHaveTheLabelAndForgivesTheSecond) {
  LabelledFrame both = frame("a.png", {label(0, 0)}, {detection(1, 1, 0.5), detection(0, 0, 0.9)});
  const Evaluation result = evaluate({both}, 0.3);
  EXPECT_EQ(result.total.precision, 1);
  EXPECT_EQ(result.total.count_error, 1);  // two detections on one capillary
}

TEST(Evaluate, LeavesWhatCannotBeToldOutOfEveryFigure) {
  LabelledFrame unsure = frame("a.png", {label(0, 0)}, {detection(0, 0, 0.9), detection(50, 50, 0.8)});
  unsure.cannot_tell = {{48, 48, 30, 30}};
  const Evaluation result = evaluate({unsure}, 0.3);
  EXPECT_EQ(result.total.precision, 1);
  EXPECT_EQ(result.total.count_error, 0);
  EXPECT_EQ(result.total.density_error, 0);
}

TEST(Evaluate, MatchesByTheIouGiven) {
  const std::vector<LabelledFrame> shifted{frame("a.png", {label(0, 0)}, {detection(4, 0, 0.9)})};  // IoU 6/14 = 0.43
  EXPECT_EQ(evaluate(shifted, 0.3).total.recall, 1);
  EXPECT_EQ(evaluate(shifted, 0.5).total.recall, 0);
}

TEST(Evaluate, TakesOneScaleOutOfTheDensities) {
  std::vector<LabelledFrame> frames;
  for (int i = 0; i < 3; ++i) {
    frames.push_back(frame("f" + std::to_string(i), {label(0, 0, 10)}, {detection(0, 0, 0.9, 8)}));
  }
  const Evaluation result = evaluate(frames, 0.3);
  EXPECT_DOUBLE_EQ(result.total.density_scale, 0.64);
  EXPECT_DOUBLE_EQ(result.total.density_error, 0.36);
  EXPECT_NEAR(result.total.scaled_density_error, 0, 1e-12);
}

TEST(Evaluate, GivesIntervalsThatHoldTheTotalAndAreTheSameEveryTime) {
  std::vector<LabelledFrame> frames;
  for (int i = 0; i < 12; ++i) {
    std::vector<Detection> detections{detection(0, 0, 0.9)};
    if (i % 3 == 0) detections.push_back(detection(300, 0, 0.95));
    if (i % 4 == 0) detections[0] = detection(500, 0, 0.2);
    frames.push_back(frame("f" + std::to_string(i), {label(0, 0)}, detections));
  }
  const Evaluation first = evaluate(frames, 0.3);
  const Evaluation second = evaluate(frames, 0.3);
  ASSERT_TRUE(first.intervals && second.intervals);
  EXPECT_LT(first.intervals->f1.low, first.total.f1);
  EXPECT_GT(first.intervals->f1.high, first.total.f1);
  EXPECT_EQ(first.intervals->ap.low, second.intervals->ap.low);
  EXPECT_EQ(evaluation_json({first}, frames, "x"), evaluation_json({second}, frames, "x"));
}

TEST(Evaluate, IsRefusedWithoutFramesOrWithAnIouThatIsNone) {
  EXPECT_THROW(evaluate({}, 0.3), Error);
  EXPECT_THROW(evaluate({frame("a", {}, {})}, 0), Error);
  EXPECT_THROW(evaluate({frame("a", {}, {})}, std::nan("")), Error);
}

TEST(Evaluate, HasFiguresWhereNothingIsLabelledOrDetected) {
  const Evaluation result = evaluate({frame("a", {}, {}), frame("b", {}, {})}, 0.3);
  EXPECT_EQ(result.total.f1, 0);
  EXPECT_EQ(result.total.count_error, 0);
  EXPECT_THAT(evaluation_text({result}, {frame("a", {}, {}), frame("b", {}, {})}, "x"), HasSubstr("Research use only"));
}

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "evaluation-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    labels_ = write("labels.json", R"({"images":[{"id":7,"file_name":"x/f01.png"},{"id":3,"file_name":"f02.png"}],
      "annotations":[{"image_id":7,"category_id":1,"bbox":[0,0,10,10],"segmentation":[[0,0,10,0,10,10]]},
                     {"image_id":7,"category_id":2,"bbox":[5,5,10,10]},
                     {"image_id":3,"category_id":1,"bbox":[0,0,10,10],"iscrowd":1}]})");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name, std::ios::binary) << text;
    return root_ / name;
  }
  std::filesystem::path root_;
  std::filesystem::path labels_;
};

TEST_F(Files, AreReadAsCocoHasThem) {
  std::vector<LabelledFrame> frames = read_labels(labels_);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].name, "f02.png");
  EXPECT_EQ(frames[0].cannot_tell.size(), 1U);
  ASSERT_EQ(frames[1].capillaries.size(), 1U);
  EXPECT_EQ(frames[1].capillaries[0].area_px, 50);
  add_detections(
      write("a.json",
            R"([{"image_id":3,"bbox":[1,2,3,4]},{"file_name":"y/f01.jpg","bbox":[1,2,3,4],"area":6,"score":0.5},
    {"category_id":2,"image_id":3,"bbox":[1,2,3,4]}])"),
      frames);
  EXPECT_EQ(frames[0].detections.at(0).area_px, 12);
  EXPECT_EQ(frames[0].detections.at(0).score, 1);
  EXPECT_EQ(frames[1].detections.at(0).area_px, 6);
}

TEST_F(Files, OfARunAreReadFromItsJournal) {
  FrameResult result;
  result.source = "p/f01.png";
  result.width = result.height = 100;
  Capillary capillary;
  capillary.bbox = {10, 10, 10, 10};
  capillary.polygon = {10, 10, 20, 10, 20, 20, 10, 20};
  capillary.area_px = 100;
  result.capillaries = {capillary};
  const std::string run = "{\"type\":\"run\",\"schema\":1}\n";
  const auto file = write("results.jsonl", run + frame_line(result) + "\n");
  std::vector<LabelledFrame> frames = read_labels(labels_);
  add_detections(root_, frames);
  EXPECT_EQ(frames[1].detections.at(0).area_px, 100);
  std::string twice = run + frame_line(result) + "\n";
  result.index = 1;
  result.source = "q/f01.png";
  write("results.jsonl", twice + frame_line(result) + "\n");
  EXPECT_THROW(add_detections(file, frames), Error);
  result.index = 0;
  result.source = "other.png";
  write("results.jsonl", run + frame_line(result) + "\n");
  EXPECT_THROW(add_detections(file, frames), Error);
}

TEST_F(Files, ThatAreDamagedAreRefused) {
  EXPECT_THROW(read_labels(root_ / "none.json"), Error);
  for (
      const char* text :
      {"", "[", "[]", "{}", R"({"images":[]})", R"({"images":[{"id":1}],"annotations":[]})",
       R"({"images":[{"id":"a","file_name":"x"}],"annotations":[]})",
       R"({"images":[{"id":1,"file_name":"x"},{"id":2,"file_name":"x"}],"annotations":[]})",
       R"({"images":[{"id":1,"file_name":"x"}],"annotations":[{"image_id":2,"category_id":1,"bbox":[0,0,1,1]}]})",
       R"({"images":[{"id":1,"file_name":"x"}],"annotations":[{"image_id":1,"category_id":1,"bbox":[0,0,1e999,1]}]})"}) {
    EXPECT_THROW(read_labels(write("bad.json", text)), Error) << text;
  }
  std::vector<LabelledFrame> frames = read_labels(labels_);
  for (const char* text :
       {"", "[", "[1]", "[{}]", R"([{"image_id":99,"bbox":[0,0,1,1]}])", R"([{"image_id":3,"bbox":[0,0,-1,1]}])",
        R"([{"image_id":3,"bbox":[0,0,1]}])", R"([{"image_id":3,"bbox":[0,0,1,1],"segmentation":[[1,2,3]]}])",
        R"([{"image_id":3,"bbox":[0,0,1,1],"score":"high"}])", R"({"a":1})"}) {
    EXPECT_THROW(add_detections(write("bad.json", text), frames), Error) << text;
  }
  EXPECT_THROW(add_detections(root_, frames), Error);
}

TEST(FileStem, IsTheNameWithoutItsSuffix) {
  EXPECT_EQ(file_stem("a/b/f01.png"), "f01");
  EXPECT_EQ(file_stem("f01"), "f01");
  EXPECT_EQ(file_stem("a.b/c"), "c");
  EXPECT_EQ(file_stem(".hidden"), ".hidden");
  EXPECT_EQ(file_stem("a.tar.gz"), "a.tar");
}

}  // namespace
}  // namespace capillaryx
