// SPDX-License-Identifier: Apache-2.0
#include "analysis/mixture.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "analysis/gaussian.h"

namespace capillaryx {
namespace {

constexpr int kLanes = 8;          // sums run in this many lanes, so that the compiler may use vectors
constexpr float kMinSigma = 0.5F;  // bins; a component may not shrink onto a single bin

struct Component {
  float weight, mean, sigma;
};

float quantile_bin(std::span<const float> counts, float total, float q) {
  float below = 0;
  for (std::size_t b = 0; b < counts.size(); ++b) {
    if (below + counts[b] >= q * total) {
      return static_cast<float>(b) + (counts[b] > 0 ? (q * total - below) / counts[b] : 0.5F) - 0.5F;
    }
    below += counts[b];
  }
  return static_cast<float>(counts.size() - 1);
}

float sum_lanes(const std::array<float, kLanes>& lanes) {
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

}  // namespace

DominantGaussian fit_mixture(std::span<const float> counts, int components, int iterations,
                             std::span<float> membership) {
  const std::size_t bins = counts.size();
  float total = 0;
  for (const float count : counts) total += count;

  // Starting points: the median holds most, the others wait at the outer quantiles, so that the heaviest component
  // starts where the tissue is and the dark and bright tails have a component each.
  std::array<Component, kMaxMixtureComponents> mixture{};
  const float width = std::max(1.0F, 0.5F * (quantile_bin(counts, total, 0.84F) - quantile_bin(counts, total, 0.16F)));
  for (int k = 0; k < components; ++k) {
    const bool middle = k == components / 2;
    const float q = components == 1 ? 0.5F : 0.05F + 0.9F * static_cast<float>(k) / static_cast<float>(components - 1);
    mixture[static_cast<std::size_t>(k)] = {middle ? 1.0F : 0.3F, quantile_bin(counts, total, middle ? 0.5F : q),
                                            width};
  }

  std::array<std::array<float, kLanes>, kMaxMixtureComponents> s0{}, s1{}, s2{};
  for (int iteration = 0; iteration < iterations; ++iteration) {
    std::array<float, kMaxMixtureComponents> height{}, steep{};
    for (int k = 0; k < components; ++k) {
      const Component& c = mixture[static_cast<std::size_t>(k)];
      height[static_cast<std::size_t>(k)] = c.weight / c.sigma;
      steep[static_cast<std::size_t>(k)] = 0.5F / (c.sigma * c.sigma);
      s0[static_cast<std::size_t>(k)] = s1[static_cast<std::size_t>(k)] = s2[static_cast<std::size_t>(k)] = {};
    }
    for (std::size_t start = 0; start < bins; start += kLanes) {
      std::array<std::array<float, kLanes>, kMaxMixtureComponents> p;
      std::array<float, kLanes> sum;
      sum.fill(1e-30F);
      for (std::size_t k = 0; k < static_cast<std::size_t>(components); ++k) {
        const float mean = mixture[k].mean, h = height[k], s = steep[k];
        for (std::size_t j = 0; j < kLanes; ++j) {
          const float d = static_cast<float>(static_cast<int>(start + j)) - mean;
          p[k][j] = h * exp_minus(d * d * s);
          sum[j] += p[k][j];
        }
      }
      for (std::size_t k = 0; k < static_cast<std::size_t>(components); ++k) {
        const float mean = mixture[k].mean;
        for (std::size_t j = 0; j < kLanes; ++j) {
          const float d = static_cast<float>(static_cast<int>(start + j)) - mean;
          const float share = counts[start + j] * p[k][j] / sum[j];
          s0[k][j] += share;
          s1[k][j] += share * d;
          s2[k][j] += share * d * d;
        }
      }
    }
    for (std::size_t k = 0; k < static_cast<std::size_t>(components); ++k) {
      const float n = sum_lanes(s0[k]);
      if (n < 1e-3F * total) {
        mixture[k].weight = n / total;
        continue;
      }
      const float shift = sum_lanes(s1[k]) / n;
      mixture[k].weight = n / total;
      mixture[k].mean += shift;
      mixture[k].sigma = std::max(kMinSigma, std::sqrt(std::max(0.0F, sum_lanes(s2[k]) / n - shift * shift)));
    }
  }

  std::size_t best = 0;
  for (std::size_t k = 1; k < static_cast<std::size_t>(components); ++k) {
    if (mixture[k].weight > mixture[best].weight) best = k;
  }
  for (std::size_t b = 0; b < bins; ++b) {
    float sum = 1e-30F, own = 0;
    for (std::size_t k = 0; k < static_cast<std::size_t>(components); ++k) {
      const float d = static_cast<float>(b) - mixture[k].mean;
      const float p =
          mixture[k].weight / mixture[k].sigma * exp_minus(d * d * 0.5F / (mixture[k].sigma * mixture[k].sigma));
      sum += p;
      if (k == best) own = p;
    }
    membership[b] = own / sum;
  }
  return {mixture[best].weight, mixture[best].mean, mixture[best].sigma};
}

}  // namespace capillaryx
