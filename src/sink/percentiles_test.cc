// SPDX-License-Identifier: Apache-2.0
#include "sink/percentiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "sink/bootstrap.h"

namespace capillaryx {
namespace {

constexpr double kShares[] = {0, 0.5, 0.95, 0.99, 1};

TEST(Percentiles, AreExactOfFewDurations) {
  std::mt19937_64 random(1);
  Percentiles percentiles;
  std::vector<double> values;
  for (std::size_t i = 0; i < Percentiles::kExact; ++i) {
    values.push_back(static_cast<double>(random() % 1'000'000) / 7);
    percentiles.add(values.back());
  }
  EXPECT_EQ(percentiles.mean(), mean(values));
  std::sort(values.begin(), values.end());
  for (const double share : kShares) EXPECT_EQ(percentiles.at(share), percentile(values, share));
}

TEST(Percentiles, AreRightToTwoThousandthsOfManyFromMicrosecondsToDays) {
  std::mt19937_64 random(2);
  Percentiles percentiles;
  std::vector<double> values;
  for (int i = 0; i < 50'000; ++i) {
    values.push_back(std::exp2(static_cast<double>(random() % 40'000) / 1000 - 10));
    percentiles.add(values.back());
  }
  EXPECT_EQ(percentiles.mean(), mean(values));
  EXPECT_EQ(percentiles.count(), 50'000);
  std::sort(values.begin(), values.end());
  for (const double share : kShares) {
    const double exact = percentile(values, share);
    EXPECT_NEAR(percentiles.at(share), exact, 0.002 * exact) << share;
  }
}

TEST(Percentiles, TakeWhateverAnAnalyzerTells) {
  Percentiles percentiles;
  for (const double ms : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    percentiles.add(ms);
  }
  EXPECT_EQ(percentiles.count(), 0);
  for (int i = 0; i < 3000; ++i) percentiles.add(i % 2 == 0 ? -1.0 : 1e300);
  EXPECT_LT(percentiles.at(0.1), 0.002);
  EXPECT_GT(percentiles.at(0.9), 1e9);
}

}  // namespace
}  // namespace capillaryx
