// SPDX-License-Identifier: Apache-2.0
#include "analysis/prevalence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace capillaryx {
namespace {

std::vector<float> fitted(std::vector<float> scores, double prior_regions = 2) {
  EXPECT_EQ(fit_to_prevalence(0.6, prior_regions, 0.5, scores), "");
  return scores;
}

std::vector<float> many(float score, int count, std::vector<float> scores = {}) {
  scores.insert(scores.end(), static_cast<std::size_t>(count), score);
  return scores;
}

TEST(Prevalence, LeavesAFrameAsItIsWhereCapillariesAreAsUsualOrMore) {
  EXPECT_EQ(fitted({}), std::vector<float>());
  const std::vector<float> usual = many(0.99F, 31, many(0.01F, 19));
  EXPECT_EQ(fitted(usual), usual);
  const std::vector<float> more = many(0.97F, 50, {0.4F});
  EXPECT_EQ(fitted(more), more);
}

TEST(Prevalence, DoubtsADoubtfulRegionWhereAllOthersAreRefused) {
  const std::vector<float> found = fitted(many(0.02F, 25, {0.7F}));
  EXPECT_LT(found[0], 0.3F);
  EXPECT_LT(found[1], 0.02F);
}

TEST(Prevalence, NeverTakesASureRegionUnderTheThreshold) {
  EXPECT_GT(fitted(many(0.02F, 25, {0.995F}))[0], 0.9F);
  EXPECT_GT(fitted({1.0F, 0.0F})[0], 0.999F);
  for (const double threshold : {0.05, 0.3, 0.5, 0.7, 0.85, 0.8999, 0.9}) {
    std::vector<float> scores = many(0.0F, 400, {0.9F, 0.95F, 0.89F, 1.0F});
    scores[0] = std::nextafter(0.9F, 1.0F);  // 0.9F lies under 0.9
    EXPECT_EQ(fit_to_prevalence(0.6, 1, threshold, scores), "");
    EXPECT_GE(static_cast<double>(scores[0]), threshold) << threshold;
    EXPECT_GE(scores[1], scores[0]);
    EXPECT_LT(scores[2], scores[0]);
    if (threshold < 0.87) {
      EXPECT_LT(scores[1], 0.95F);
    }
  }
}

TEST(Prevalence, TakesARegionThatIsNotQuiteSureUnderTheThreshold) {
  EXPECT_LT(fitted(many(0.0F, 400, {0.88F}))[0], 0.5F);
}

TEST(Prevalence, IsSkippedWithANoteWhereTheScoresDoNotFitTwoGroups) {
  std::vector<float> scores = many(0.3F, 15, many(0.02F, 30, {0.8F, 0.95F}));
  const std::vector<float> before = scores;
  EXPECT_THAT(fit_to_prevalence(0.6, 1, 0.5, scores),
              testing::HasSubstr("do not fit two groups (16 of 47 between 0.1 and 0.9)"));
  EXPECT_EQ(scores, before);
  scores = many(0.3F, 8, many(0.02F, 37, {0.8F, 0.95F}));  // as few as on synthetic frames
  EXPECT_EQ(fit_to_prevalence(0.6, 1, 0.5, scores), "");
  EXPECT_LT(scores[0], 0.5F);
}

TEST(Prevalence, HasNoNoteWhereItWouldChangeNothing) {
  std::vector<float> scores = many(0.8F, 50);
  EXPECT_EQ(fit_to_prevalence(0.6, 1, 0.5, scores), "");
  EXPECT_EQ(scores, many(0.8F, 50));
}

TEST(Prevalence, SaysLittleByFewRegions) {
  EXPECT_GT(fitted({0.93F})[0], 0.92F);
  EXPECT_GT(fitted(many(0.05F, 4, {0.6F}))[0], fitted(many(0.05F, 20, {0.6F}))[0]);
}

TEST(Prevalence, FindsTheShareOfAFrameWhoseProbabilitiesAreRight) {
  // Of regions that the network calls 0.5 on usual frames, a share of s of them being capillaries, the odds are those
  // of s against the usual share: with sure regions around that say s = 0.2, 0.5 becomes (0.2 / 0.8) / (0.6 / 0.4).
  std::vector<float> scores = many(1.0F, 2000, many(0.0F, 8000, {0.5F}));
  EXPECT_EQ(fit_to_prevalence(0.6, 2, 0.5, scores), "");
  const double odds = 0.25 / 1.5;
  EXPECT_NEAR(scores[0], odds / (1 + odds), 1e-3);
}

TEST(Prevalence, IsSwitchedOffByAPriorThatNothingOutweighs) {
  const std::vector<float> lone = many(0.02F, 25, {0.7F});
  EXPECT_NEAR(fitted(lone, 1e9)[0], 0.7F, 1e-4);
}

TEST(Prevalence, KeepsProbabilitiesProbabilitiesAndTheirOrder) {
  std::vector<float> scores;
  for (int i = 0; i <= 200; ++i) scores.push_back(static_cast<float>(i) / 2000);
  for (int i = 0; i <= 40; ++i) scores.push_back(0.9F + static_cast<float>(i) / 400);
  const std::vector<float> found = fitted(scores, 0);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_GE(found[i], 0);
    EXPECT_LE(found[i], scores[i]);
    EXPECT_GE(found[i], found[i > 0 ? i - 1 : 0]);
  }
}

}  // namespace
}  // namespace capillaryx
