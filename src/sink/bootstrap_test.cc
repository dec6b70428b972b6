// SPDX-License-Identifier: Apache-2.0
#include "sink/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace capillaryx {
namespace {

std::optional<Interval> interval_of_mean(const std::vector<double>& values) {
  MeanSeries series;
  for (const double value : values) series.add(value);
  return series.interval();
}

/// The bootstrap over frames as its definition says, holding every frame.
Interval plain_interval(const std::vector<double>& values) {
  std::vector<double> means;
  bootstrap(values.size(), [&](std::span<const std::uint32_t> drawn) {
    double sum = 0;
    for (const std::uint32_t frame : drawn) sum += values[frame];
    means.push_back(sum / static_cast<double>(drawn.size()));
  });
  return *interval_of(means);
}

/// Twelve uniform numbers: nearly normal, mean 6, deviation 1.
double nearly_normal(std::mt19937_64& random) {
  double sum = 0;
  for (int k = 0; k < 12; ++k) sum += static_cast<double>(random() >> 11) * 0x1p-53;
  return sum;
}

TEST(MeanSeries, GivesTheSameIntervalEveryTime) {
  const std::vector<double> values{0.01, 0.02, 0.03, 0.05, 0.08, 0.13};
  const auto first = interval_of_mean(values);
  const auto second = interval_of_mean(values);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->low, second->low);
  EXPECT_EQ(first->high, second->high);
  EXPECT_LT(first->low, mean(values));
  EXPECT_GT(first->high, mean(values));
}

TEST(MeanSeries, SaysNothingOfOneFrame) {
  EXPECT_FALSE(interval_of_mean({0.5}));
  EXPECT_FALSE(interval_of_mean({}));
}

TEST(MeanSeries, IsAPointWhereAllFramesAreEqual) {
  for (const std::size_t frames : {std::size_t{10}, 3 * MeanSeries::kGroups}) {
    const auto interval = interval_of_mean(std::vector<double>(frames, 0.25));
    ASSERT_TRUE(interval);
    EXPECT_EQ(interval->low, 0.25);
    EXPECT_EQ(interval->high, 0.25);
  }
}

TEST(MeanSeries, CoversTheTrueMeanAboutNineteenTimesInTwenty) {
  std::mt19937_64 random(7);
  int covered = 0;
  constexpr int kTrials = 200;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values;
    for (int i = 0; i < 40; ++i) values.push_back(nearly_normal(random));
    const auto interval = interval_of_mean(values);
    if (interval->low <= 6 && 6 <= interval->high) ++covered;
  }
  EXPECT_GE(covered, kTrials * 88 / 100);
  EXPECT_LE(covered, kTrials * 99 / 100);
}

TEST(MeanSeries, UpToItsGroupsIsTheBootstrapOverFramesToTheLastBit) {
  std::mt19937_64 random(3);
  std::vector<double> values;
  for (std::size_t i = 0; i < MeanSeries::kGroups; ++i) values.push_back(nearly_normal(random));
  const auto interval = interval_of_mean(values);
  const Interval plain = plain_interval(values);
  EXPECT_EQ(interval->low, plain.low);
  EXPECT_EQ(interval->high, plain.high);
}

TEST(MeanSeries, OfManyFramesIsAsWideAsTheBootstrapOverFramesInWhateverOrderTheyCome) {
  std::mt19937_64 random(5);
  std::vector<double> values;
  for (int i = 0; i < 20'000; ++i) values.push_back(nearly_normal(random));
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  // Groups that took every 1024th frame would hold equal frames here.
  std::vector<double> periodic;
  for (int i = 0; i < 20'000; ++i) periodic.push_back(values[static_cast<std::size_t>(i) % MeanSeries::kGroups]);
  for (const auto& each : {values, sorted, periodic}) {
    const auto interval = interval_of_mean(each);
    const Interval plain = plain_interval(each);
    const double width = plain.high - plain.low;
    EXPECT_NEAR(interval->high - interval->low, width, 0.1 * width);
    EXPECT_NEAR((interval->low + interval->high) / 2, mean(each), 0.1 * width);
  }
}

TEST(MeanSeries, OfManyFramesHasTheExactMean) {
  MeanSeries series;
  for (int i = 0; i < 100'001; ++i) series.add(i);
  EXPECT_EQ(series.count(), 100'001);
  EXPECT_EQ(series.mean(), 50'000);
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
