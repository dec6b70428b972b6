// SPDX-License-Identifier: Apache-2.0
#include "analysis/mixture.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "analysis/gaussian.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/mixture.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Plain loops: compiled anew for every instruction set, they become its vectors.
HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

constexpr std::size_t kLanes = 8;  // sums run in this many lanes: the same bits whatever a vector holds

// A component's density at every bin, times its weight.
void densities(float height, float steep, float mean, std::size_t bins, float* out) {
  for (int b = 0; b < static_cast<int>(bins); ++b) {
    const float d = static_cast<float>(b) - mean;
    out[b] = height * exp_minus(d * d * steep);
  }
}

// Number, sum and sum of squares about `mean` of the samples that belong to a component.
void moments(const float* density, const float* scale, float mean, std::size_t bins, float* out) {
  float n[kLanes] = {}, sum[kLanes] = {}, square[kLanes] = {};
  for (std::size_t start = 0; start < bins; start += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) {
      const float share = density[start + j] * scale[start + j];
      const float d = static_cast<float>(static_cast<int>(start + j)) - mean;
      n[j] += share;
      sum[j] += share * d;
      square[j] += share * d * d;
    }
  }
  const auto total = [](const float* v) { return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7])); };
  out[0] = total(n);
  out[1] = total(sum);
  out[2] = total(square);
}

// What makes a bin's densities into its samples' shares, and the sum of a component's.
void scales(const float* counts, std::size_t bins, float* scale) {
  for (std::size_t b = 0; b < bins; ++b) scale[b] = counts[b] / scale[b];
}

void add_densities(const float* density, std::size_t bins, float* sum) {
  for (std::size_t b = 0; b < bins; ++b) sum[b] += density[b];
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(densities);
HWY_EXPORT(moments);
HWY_EXPORT(scales);
HWY_EXPORT(add_densities);

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
    std::fill_n(scale.begin(), bins, 1e-30F);
    for (std::size_t k = 0; k < parts; ++k) {
      const Component& component = mixture[k];
      HWY_DYNAMIC_DISPATCH(densities)
      (component.weight / component.sigma, 0.5F / (component.sigma * component.sigma), component.mean, bins,
       density[k].data());
      HWY_DYNAMIC_DISPATCH(add_densities)(density[k].data(), bins, scale.data());
    }
  };
  for (int iteration = 0; iteration < iterations; ++iteration) {
    expect();
    HWY_DYNAMIC_DISPATCH(scales)(counts.data(), bins, scale.data());
    for (std::size_t k = 0; k < parts; ++k) {
      Component& component = mixture[k];
      std::array<float, 3> sums{};
      HWY_DYNAMIC_DISPATCH(moments)(density[k].data(), scale.data(), component.mean, bins, sums.data());
      const auto [n, sum, square] = sums;
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
#endif
