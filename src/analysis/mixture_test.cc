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

// Fits windows of these histograms, with sums that say where the samples of a bin belong: 1 from bin 40 to bin 60.
DominantComponents fitted(const std::vector<std::vector<float>>& windows, std::size_t components, int iterations) {
  WindowHistograms histograms;
  histograms.start(windows.size(), windows[0].size());
  for (std::size_t w = 0; w < windows.size(); ++w) {
    for (std::size_t b = 0; b < windows[w].size(); ++b) {
      const std::size_t at = b * histograms.stride + w;
      histograms.count[at] = windows[w][b];
      histograms.sum[0][at] = b >= 40 && b <= 60 ? windows[w][b] : 0;
      histograms.sum[1][at] = 7 * windows[w][b];
    }
  }
  DominantComponents found;
  fit_mixtures(histograms, components, iterations, found);
  return found;
}

TEST(Mixture, FindsTheTissueBesideDarkVesselsAndBrightGlare) {
  const auto found = fitted({histogram({{0.2, 30, 4}, {0.7, 50, 3}, {0.1, 70, 5}}, 96)}, 3, 20);
  EXPECT_NEAR(found.mean[0], 50, 0.3);
  EXPECT_NEAR(found.sigma[0], 3, 0.3);
  EXPECT_NEAR(found.weight[0], 0.7, 0.05);
  EXPECT_GT(found.others[0][0], 0.98F);
  EXPECT_NEAR(found.others[1][0], 7, 0.001);
}

TEST(Mixture, ComesToWhatPlainExpectationMaximisationComesTo) {
  const auto counts = histogram({{0.25, 28, 5}, {0.65, 47, 4}, {0.1, 66, 6}}, 96);
  const auto found = fitted({counts}, 3, 200);
  const Gaussian plain = plain_em(counts, {{0.3, 28, 5}, {0.4, 47, 5}, {0.3, 66, 5}}, 200);
  EXPECT_NEAR(found.mean[0], plain.mean, 0.02);
  EXPECT_NEAR(found.sigma[0], plain.sigma, 0.02);
  EXPECT_NEAR(found.weight[0], plain.weight, 0.01);
}

TEST(Mixture, OfAWindowIsTheSameWhateverItsNeighboursHold) {
  std::vector<std::vector<float>> windows;
  for (int w = 0; w < 37; ++w) windows.push_back(histogram({{0.3, 20.0 + w / 3.0, 4}, {0.7, 45, 3}}, 64));
  const auto together = fitted(windows, 3, 8);
  for (std::size_t w = 0; w < windows.size(); ++w) {
    const auto alone = fitted({windows[w]}, 3, 8);
    EXPECT_EQ(together.mean[w], alone.mean[0]) << w;
    EXPECT_EQ(together.sigma[w], alone.sigma[0]) << w;
    EXPECT_EQ(together.others[0][w], alone.others[0][0]) << w;
  }
}

TEST(Mixture, IsSteadyOnOneValueOnTwoValuesAndOnEveryNumberOfComponents) {
  for (std::size_t components = 1; components <= kMaxMixtureComponents; ++components) {
    std::vector<float> one(64);
    one[20] = 3600;
    std::vector<float> two = one;
    two[60] = 400;
    const auto found = fitted({one, two}, components, 8);
    EXPECT_NEAR(found.mean[0], 20, 0.01) << components;
    EXPECT_TRUE(std::isfinite(found.mean[1]) && std::isfinite(found.sigma[1])) << components;
    if (components > 1) {
      EXPECT_NEAR(found.mean[1], 20, 0.5) << components;
    }
  }
}

}  // namespace
}  // namespace capillaryx
