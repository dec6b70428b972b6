// SPDX-License-Identifier: Apache-2.0
#include "study/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "study/distributions.h"

namespace capillaryx {
namespace {

// Table 2 of Shrout and Fleiss 1979: six targets, four judges.
const std::vector<std::vector<double>> kShroutFleiss{{9, 2, 5, 8}, {6, 1, 3, 2},  {8, 4, 6, 8},
                                                     {7, 1, 2, 6}, {10, 5, 6, 9}, {6, 2, 4, 7}};

TEST(Distributions, CriticalValuesAreThoseOfTheTables) {
  EXPECT_NEAR(t_critical(0.95, 1), 12.70620473617471, 1e-9);
  EXPECT_NEAR(t_critical(0.95, 2), 0.95 * std::sqrt(2 / 0.0975), 1e-12) << "closed form";
  EXPECT_EQ(t_critical_95(2), t_critical(0.95, 2));
  EXPECT_EQ(t_critical_95(500), t_critical(0.95, 500));
  EXPECT_NEAR(t_critical(0.95, 23), 2.0686576104190406, 1e-11);
  EXPECT_NEAR(t_critical(0.95, 1e6), 1.959966, 1e-5);
  EXPECT_NEAR(f_quantile(0.95, 2, 3), 9.552094495921155, 1e-9);
  EXPECT_NEAR(f_quantile(0.975, 5, 18), 3.3820, 1e-4);
}

TEST(Distributions, QuantileUndoesTheTailOfAnyDegreesOfFreedom) {
  for (const double df : {1.0, 1.7, 4.0, 33.3, 1000.0}) {
    for (const double coverage : {0.5, 0.95, 0.999}) {
      EXPECT_NEAR(t_two_sided_p(t_critical(coverage, df), df), 1 - coverage, 1e-11) << df << " " << coverage;
    }
  }
}

TEST(Describe, GivesStudentsIntervalOfTheMean) {
  const Description about = describe(std::vector<double>{1, 2, 3, 4});
  EXPECT_EQ(about.n, 4);
  EXPECT_EQ(about.mean, 2.5);
  EXPECT_NEAR(*about.sd, std::sqrt(5.0 / 3), 1e-14);
  EXPECT_NEAR(*about.cv, std::sqrt(5.0 / 3) / 2.5, 1e-14);
  EXPECT_NEAR(*about.low, 2.5 - 3.182446305284263 * std::sqrt(5.0 / 12), 1e-10);
  EXPECT_NEAR(*about.high, 2.5 + 3.182446305284263 * std::sqrt(5.0 / 12), 1e-10);
  EXPECT_EQ(about.reason, "");
}

TEST(Describe, LeavesTheIntervalOutWithAReasonWhereItCannotBeTold) {
  EXPECT_EQ(describe({}).reason, "no value");
  EXPECT_FALSE(describe({}).mean);
  const Description one = describe(std::vector<double>{7});
  EXPECT_EQ(one.reason, "only one value");
  EXPECT_EQ(one.mean, 7);
  EXPECT_FALSE(one.sd || one.low || one.high || one.cv);
  const Description equal = describe(std::vector<double>{0.1, 0.1, 0.1});
  EXPECT_EQ(equal.reason, "all values are equal");
  EXPECT_EQ(equal.mean, 0.1);
  EXPECT_EQ(equal.sd, 0);
  EXPECT_FALSE(equal.low || equal.high);
}

TEST(Describe, VariationOfWhatMayBeNegativeIsAbsent) { EXPECT_FALSE(describe(std::vector<double>{-1, 5}).cv); }

TEST(PairedDifference, IsThePairedTTest) {
  const std::vector<double> from{10, 12, 9, 11, 14};
  const std::vector<double> to{12, 13, 11, 11, 17};
  const PairedDifference about = paired_difference(from, to);
  EXPECT_EQ(about.n, 5);
  EXPECT_NEAR(*about.mean, 1.6, 1e-14);
  const double t = *about.mean * std::sqrt(5.0) / *about.sd;
  EXPECT_NEAR(*about.p, t_two_sided_p(t, 4), 1e-14);
  EXPECT_NEAR(*about.change, 12.8 / 11.2 - 1, 1e-14);
  EXPECT_LT(*about.change_low, *about.change);
  EXPECT_GT(*about.change_high, *about.change);
}

TEST(PairedDifference, FiellersIntervalEndsWhereTheTTestOfTheScaledDifferenceDoes) {
  const std::vector<double> from{10, 12, 9, 11, 14};
  const std::vector<double> to{12, 13, 11, 11, 17};
  const PairedDifference about = paired_difference(from, to);
  for (const double change : {*about.change_low, *about.change_high}) {
    std::vector<double> scaled;
    for (const double value : from) scaled.push_back(value * (1 + change));
    EXPECT_NEAR(*paired_difference(scaled, to).p, 0.05, 1e-9);
  }
}

TEST(PairedDifference, SaysWhatItCannotTell) {
  EXPECT_EQ(paired_difference({}, {}).reason, "no pair");
  const std::vector<double> one{1};
  EXPECT_EQ(paired_difference(one, one).reason, "only one pair");
  const PairedDifference equal = paired_difference(std::vector<double>{21, 22}, std::vector<double>{22, 23});
  EXPECT_EQ(equal.reason, "all differences are equal");
  EXPECT_EQ(equal.mean, 1);
  EXPECT_FALSE(equal.p || equal.low);
  const PairedDifference wide = paired_difference(std::vector<double>{0, 0, 30}, std::vector<double>{1, 2, 4});
  EXPECT_TRUE(wide.change);
  EXPECT_FALSE(wide.change_low || wide.change_high);
  EXPECT_NE(wide.reason, "");
}

TEST(Icc, IsThatOfShroutAndFleiss) {
  EXPECT_NEAR(*icc_nested(kShroutFleiss).icc, 0.17, 0.005);
  EXPECT_NEAR(*icc_crossed(kShroutFleiss).icc, 0.29, 0.005);
  EXPECT_NEAR(*icc_nested(kShroutFleiss).low, -0.13, 0.005);
  EXPECT_NEAR(*icc_nested(kShroutFleiss).high, 0.72, 0.005);
  EXPECT_NEAR(*icc_crossed(kShroutFleiss).low, 0.02, 0.005);
  EXPECT_NEAR(*icc_crossed(kShroutFleiss).high, 0.76, 0.005);
}

TEST(Icc, OfUnequalNumbersHasNoInterval) {
  const Icc icc = icc_nested({{1, 2, 1.5}, {5, 6}, {9, 8}});
  EXPECT_GT(*icc.icc, 0.9);
  EXPECT_FALSE(icc.low || icc.high);
  EXPECT_NE(icc.reason, "");
}

TEST(Icc, SaysWhatItCannotTell) {
  EXPECT_EQ(icc_nested({{1, 2}}).reason, "fewer than two targets");
  EXPECT_EQ(icc_nested({{1}, {2}, {}}).reason, "no target has two measurements");
  EXPECT_EQ(icc_nested({{1, 1}, {2, 2}}).reason, "the measurements of each target are equal");
  EXPECT_EQ(icc_crossed({}).reason, "fewer than two targets have every value");
  EXPECT_EQ(icc_crossed({{1}, {2}}).reason, "only one value per target");
  EXPECT_EQ(icc_crossed({{1, 2}, {2, 3}, {4, 5}}).reason, "nothing varies beside the targets");
}

}  // namespace
}  // namespace capillaryx
