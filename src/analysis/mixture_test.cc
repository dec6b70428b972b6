// SPDX-License-Identifier: Apache-2.0
#include "analysis/mixture.h"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

namespace capillaryx {
namespace {

struct Gaussian {
  double weight, mean, sigma;
};

std::vector<float> histogram(const std::vector<Gaussian>& parts, std::size_t bins) {
  std::vector<float> counts(bins);
  for (std::size_t b = 0; b < bins; ++b) {
    for (const auto& g : parts) {
      const double z = (static_cast<double>(b) - g.mean) / g.sigma;
      counts[b] += static_cast<float>(3600 * g.weight / (g.sigma * 2.5066) * std::exp(-0.5 * z * z));
    }
  }
  return counts;
}

// EM as the books have it, from the given start.
Gaussian plain_em(const std::vector<float>& counts, std::vector<Gaussian> parts, int iterations) {
  for (int i = 0; i < iterations; ++i) {
    std::vector<double> n(parts.size()), sum(parts.size()), square(parts.size());
    double total = 0;
    for (std::size_t b = 0; b < counts.size(); ++b) {
      std::vector<double> p;
      double all = 1e-30;
      for (const auto& g : parts) {
        const double z = (static_cast<double>(b) - g.mean) / g.sigma;
        p.push_back(g.weight / g.sigma * std::exp(-0.5 * z * z));
        all += p.back();
      }
      total += counts[b];
      for (std::size_t k = 0; k < parts.size(); ++k) {
        const double share = counts[b] * p[k] / all;
        n[k] += share;
        sum[k] += share * static_cast<double>(b);
        square[k] += share * static_cast<double>(b) * static_cast<double>(b);
      }
    }
    for (std::size_t k = 0; k < parts.size(); ++k) {
      const double mean = sum[k] / n[k];
      parts[k] = {n[k] / total, mean, std::max(0.4, std::sqrt(std::max(0.0, square[k] / n[k] - mean * mean)))};
    }
  }
  Gaussian best{};
  for (const auto& g : parts) {
    if (g.weight > best.weight) best = g;
  }
  return best;
}

TEST(Mixture, FindsTheTissueBesideDarkVesselsAndBrightGlare) {
  const auto counts = histogram({{0.2, 30, 4}, {0.7, 50, 3}, {0.1, 70, 5}}, 96);
  std::vector<float> membership(counts.size());
  const MixtureComponent found = fit_mixture(counts, 3, 20, membership);
  EXPECT_NEAR(found.mean, 50, 0.3);
  EXPECT_NEAR(found.sigma, 3, 0.3);
  EXPECT_NEAR(found.weight, 0.7, 0.05);
  EXPECT_GT(membership[50], 0.95F);
  EXPECT_LT(membership[30], 0.05F);
  EXPECT_LT(membership[72], 0.05F);
}

TEST(Mixture, ComesToWhatPlainExpectationMaximisationComesTo) {
  const auto counts = histogram({{0.25, 28, 5}, {0.65, 47, 4}, {0.1, 66, 6}}, 96);
  std::vector<float> membership(counts.size());
  const MixtureComponent found = fit_mixture(counts, 3, 200, membership);
  const Gaussian plain = plain_em(counts, {{0.3, 28, 5}, {0.4, 47, 5}, {0.3, 66, 5}}, 200);
  EXPECT_NEAR(found.mean, plain.mean, 0.02);
  EXPECT_NEAR(found.sigma, plain.sigma, 0.02);
  EXPECT_NEAR(found.weight, plain.weight, 0.01);
}

TEST(Mixture, IsSteadyOnOneValueOnTwoValuesAndOnEveryNumberOfComponents) {
  for (int components = 1; components <= kMaxMixtureComponents; ++components) {
    std::vector<float> counts(64), membership(64);
    counts[20] = 3600;
    MixtureComponent found = fit_mixture(counts, components, 8, membership);
    EXPECT_NEAR(found.mean, 20, 0.01) << components;
    counts[60] = 400;
    found = fit_mixture(counts, components, 8, membership);
    EXPECT_TRUE(std::isfinite(found.mean) && std::isfinite(found.sigma)) << components;
    if (components > 1) {
      EXPECT_NEAR(found.mean, 20, 0.5) << components;
    }
  }
}

}  // namespace
}  // namespace capillaryx
