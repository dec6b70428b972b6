// SPDX-License-Identifier: Apache-2.0
#include "evaluation/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "capillaryx/error.h"
#include "evaluation/evaluation_text.h"

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
  EXPECT_DOUBLE_EQ(result.total.ap, 51 / 101.0);
  EXPECT_DOUBLE_EQ(result.total.count_error, 0.5);
  EXPECT_DOUBLE_EQ(result.total.density_error, 0.5);
}

TEST(Evaluate, LetsTheHigherScoreHaveTheLabelAndCountsTheSecondAsAFalseAlarm) {
  LabelledFrame both = frame("a.png", {label(0, 0)}, {detection(1, 1, 0.5), detection(0, 0, 0.9)});
  const Evaluation result = evaluate({both}, 0.3);
  EXPECT_EQ(result.total.precision, 0.5);
  EXPECT_EQ(result.total.hit_precision, 0.5);
  ASSERT_EQ(result.frames[0].false_alarms.size(), 1U);
  EXPECT_EQ(result.frames[0].false_alarms[0].score, 0.5);
  ASSERT_EQ(result.frames[0].matches.size(), 1U);
  EXPECT_EQ(result.frames[0].matches[0].iou, 1);
  EXPECT_EQ(result.total.count_error, 1);  // two detections on one capillary
}

TEST(Evaluate, GivesADetectionBetweenEqualLabelsToTheLast) {
  LabelledFrame between = frame("a.png", {label(0, 0), label(10, 0)}, {detection(5, 0, 0.9)});
  EXPECT_EQ(evaluate({between}, 0.3).frames[0].missed.at(0).x, 0);
}

TEST(Evaluate, LeavesDetectionsOnAmbiguousRegionsOutOfEveryFigure) {
  LabelledFrame unsure = frame("a.png", {label(0, 0)}, {detection(0, 0, 0.9), detection(50, 50, 0.8)});
  unsure.ambiguous = {{48, 48, 30, 30}};
  const Evaluation result = evaluate({unsure}, 0.3);
  EXPECT_EQ(result.total.precision, 1);
  EXPECT_EQ(result.total.hit_precision, 1);
  EXPECT_EQ(result.total.count_error, 0);
  EXPECT_EQ(result.total.density_error, 0);
}

TEST(Evaluate, ExcusesADetectionOnAnAmbiguousRegionByTheShareOfItsOwnBox) {
  LabelledFrame unsure = frame("a.png", {}, {detection(0, 0, 0.9)});
  unsure.ambiguous = {{6, 0, 100, 100}};  // 0.4 of the detection
  EXPECT_TRUE(evaluate({unsure}, 0.3).frames[0].false_alarms.empty());
  EXPECT_EQ(evaluate({unsure}, 0.5).frames[0].false_alarms.size(), 1U);
}

TEST(Evaluate, CountsAHitIfTheMiddleIsInsideWhateverTheOutline) {
  const std::vector<LabelledFrame> tight{frame("a.png", {label(0, 0, 40)}, {detection(15, 15, 0.9)})};  // IoU 1/16
  const Evaluation result = evaluate(tight, 0.3);
  EXPECT_EQ(result.total.recall, 0);
  EXPECT_EQ(result.total.hit_recall, 1);
  EXPECT_EQ(result.total.hit_precision, 1);
  EXPECT_EQ(result.total.hit_f1, 1);
}

TEST(Evaluate, GivesAHitToTheNearestMiddle) {
  const std::vector<LabelledFrame> two{
      frame("a.png", {label(0, 0, 40), label(0, 0, 10)}, {detection(0, 0, 0.9), detection(1, 0, 0.8)})};
  const Evaluation result = evaluate(two, 0.3);
  EXPECT_EQ(result.total.hit_recall, 1);  // (0, 0) is the small one's, (1, 0) the large one's
  EXPECT_EQ(result.total.recall, 0.5);
}

TEST(Evaluate, TakesThePrecisionAt101Recalls) {
  // Recall 1/2 at precision 1, recall 1 at precision 2/3: 51 points of 1 and 50 of 2/3.
  const std::vector<LabelledFrame> one{frame("a.png", {label(0, 0), label(50, 0)},
                                             {detection(0, 0, 0.9), detection(200, 0, 0.8), detection(50, 0, 0.7)})};
  EXPECT_NEAR(evaluate(one, 0.3).total.ap, (51 + 50 * 2.0 / 3) / 101, 1e-12);
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

}  // namespace
}  // namespace capillaryx
