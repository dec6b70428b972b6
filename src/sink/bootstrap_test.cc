// SPDX-License-Identifier: Apache-2.0
#include "sink/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace capillaryx {
namespace {

TEST(Bootstrap, GivesTheSameIntervalEveryTime) {
  const std::vector<double> values{0.01, 0.02, 0.03, 0.05, 0.08, 0.13};
  const auto first = bootstrap_mean(values);
  const auto second = bootstrap_mean(values);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->low, second->low);
  EXPECT_EQ(first->high, second->high);
  EXPECT_LT(first->low, mean(values));
  EXPECT_GT(first->high, mean(values));
}

TEST(Bootstrap, SaysNothingOfOneFrame) {
  EXPECT_FALSE(bootstrap_mean(std::vector<double>{0.5}));
  EXPECT_FALSE(bootstrap_mean(std::vector<double>{}));
}

TEST(Bootstrap, IsAPointWhereAllFramesAreEqual) {
  const auto interval = bootstrap_mean(std::vector<double>(10, 0.25));
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->low, 0.25);
  EXPECT_EQ(interval->high, 0.25);
}

TEST(Bootstrap, CoversTheTrueMeanAboutNineteenTimesInTwenty) {
  std::mt19937_64 random(7);
  int covered = 0;
  constexpr int kTrials = 200;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values;
    for (int i = 0; i < 40; ++i) {
      double sum = 0;  // twelve uniform numbers: nearly normal, mean 6, deviation 1
      for (int k = 0; k < 12; ++k) sum += static_cast<double>(random() >> 11) * 0x1p-53;
      values.push_back(sum);
    }
    const auto interval = bootstrap_mean(values);
    if (interval->low <= 6 && 6 <= interval->high) ++covered;
  }
  EXPECT_GE(covered, kTrials * 88 / 100);
  EXPECT_LE(covered, kTrials * 99 / 100);
}

TEST(Percentile, IsLinearBetweenNeighbours) {
  const std::vector<double> sorted{1, 2, 4};
  EXPECT_EQ(percentile(sorted, 0), 1);
  EXPECT_EQ(percentile(sorted, 0.5), 2);
  EXPECT_EQ(percentile(sorted, 0.75), 3);
  EXPECT_EQ(percentile(sorted, 1), 4);
}

}  // namespace
}  // namespace capillaryx
