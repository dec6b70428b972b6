// SPDX-License-Identifier: Apache-2.0
#include "analysis/mixture.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "analysis/gaussian.h"

namespace capillaryx {
namespace {

constexpr std::size_t kLanes = 8;  // sums run in this many lanes, so that the compiler may use vectors
constexpr float kMinSigma = 0.4F;  // bins; a component may not shrink onto a single bin

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

// A component's density at every bin, times its weight.
void densities(const Component& component, std::size_t bins, float* out) {
  const float height = component.weight / component.sigma;
  const float steep = 0.5F / (component.sigma * component.sigma);
  const float mean = component.mean;
  for (int b = 0; b < static_cast<int>(bins); ++b) {
    const float d = static_cast<float>(b) - mean;
    out[b] = height * exp_minus(d * d * steep);
  }
}

// Number, sum and sum of squares about `mean` of the samples that belong to a component.
std::array<float, 3> moments(const float* density, const float* scale, float mean, std::size_t bins) {
  std::array<float, kLanes> n{}, sum{}, square{};
  for (std::size_t start = 0; start < bins; start += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) {
      const float share = density[start + j] * scale[start + j];
      const float d = static_cast<float>(static_cast<int>(start + j)) - mean;
      n[j] += share;
      sum[j] += share * d;
      square[j] += share * d * d;
    }
  }
  const auto total = [](const std::array<float, kLanes>& v) {
    return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
  };
  return {total(n), total(sum), total(square)};
}

}  // namespace

DominantGaussian fit_mixture(std::span<const float> counts, int components, int iterations,
                             std::span<float> membership) {
  const std::size_t bins = counts.size();
  const auto parts = static_cast<std::size_t>(components);
  float total = 0;
  for (const float count : counts) total += count;

  // Starting points: the median holds most, the others wait at the outer quantiles, so that the heaviest component
  // starts where the tissue is and the dark and bright tails have a component each.
  std::array<Component, kMaxMixtureComponents> mixture{};
  const float width = std::max(1.0F, 0.5F * (quantile_bin(counts, total, 0.84F) - quantile_bin(counts, total, 0.16F)));
  for (std::size_t k = 0; k < parts; ++k) {
    const bool middle = k == parts / 2;
    const float q = parts == 1 ? 0.5F : 0.05F + 0.9F * static_cast<float>(k) / static_cast<float>(parts - 1);
    mixture[k] = {middle ? 1.0F : 0.3F, quantile_bin(counts, total, middle ? 0.5F : q), width};
  }

  std::array<std::array<float, kMaxMixtureBins>, kMaxMixtureComponents> density;
  std::array<float, kMaxMixtureBins> scale;
  const auto expect = [&] {
    for (std::size_t k = 0; k < parts; ++k) densities(mixture[k], bins, density[k].data());
    std::fill_n(scale.begin(), bins, 1e-30F);
    for (std::size_t k = 0; k < parts; ++k) {
      for (std::size_t b = 0; b < bins; ++b) scale[b] += density[k][b];
    }
  };
  for (int iteration = 0; iteration < iterations; ++iteration) {
    expect();
    for (std::size_t b = 0; b < bins; ++b) scale[b] = counts[b] / scale[b];
    for (std::size_t k = 0; k < parts; ++k) {
      Component& component = mixture[k];
      const auto [n, sum, square] = moments(density[k].data(), scale.data(), component.mean, bins);
      component.weight = n / total;
      if (n < 1e-3F * total) continue;
      const float shift = sum / n;
      component.mean += shift;
      component.sigma = std::max(kMinSigma, std::sqrt(std::max(0.0F, square / n - shift * shift)));
    }
  }

  std::size_t best = 0;
  for (std::size_t k = 1; k < parts; ++k) {
    if (mixture[k].weight > mixture[best].weight) best = k;
  }
  expect();
  for (std::size_t b = 0; b < bins; ++b) membership[b] = density[best][b] / scale[b];
  return {mixture[best].weight, mixture[best].mean, mixture[best].sigma};
}

}  // namespace capillaryx
