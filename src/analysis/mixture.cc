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

HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Sums run in this many lanes, bin by bin: the same bits whatever a vector holds.
constexpr std::size_t kSums = 8;

constexpr hn::CappedTag<float, kSums> kBins;
constexpr hn::RebindToSigned<decltype(kBins)> kWhole;
using Bins = hn::VFromD<decltype(kBins)>;

// exp_minus (gaussian.h) of every lane.
HWY_INLINE Bins exp_minus_of(Bins x) {
  const auto set = [](float value) HWY_ATTR { return hn::Set(kBins, value); };
  const auto scaled = hn::Mul(hn::Min(x, set(80.0F)), set(-1.44269504F));
  const auto whole = hn::ConvertTo(kWhole, hn::Sub(scaled, set(0.5F)));
  const auto f = hn::Mul(hn::Sub(scaled, hn::ConvertTo(kBins, whole)), set(0.69314718F));
  auto p = hn::Add(set(0.041666667F), hn::Mul(f, set(0.0083333333F)));
  p = hn::Add(set(0.16666667F), hn::Mul(f, p));
  p = hn::Add(set(0.5F), hn::Mul(f, p));
  p = hn::Add(set(1.0F), hn::Mul(f, p));
  p = hn::Add(set(1.0F), hn::Mul(f, p));
  const auto power = hn::ShiftLeft<23>(hn::Add(whole, hn::Set(kWhole, 127)));
  return hn::Mul(p, hn::BitCast(kBins, power));
}

// A component, as its density wants it.
struct Shape {
  float mean, height, steep;
};
HWY_INLINE void set_shapes(const MixtureComponent* mixture, std::size_t components, Shape* shapes) {
  for (std::size_t k = 0; k < components; ++k) {
    const auto [weight, mean, sigma] = mixture[k];
    shapes[k] = {mean, weight / sigma, 0.5F / (sigma * sigma)};
  }
}

// How far bins lie from a component's mean, and its density there, times its weight.
HWY_INLINE Bins from_mean(Bins bins, const Shape& shape) { return hn::Sub(bins, hn::Set(kBins, shape.mean)); }
HWY_INLINE Bins density(Bins d, const Shape& shape) {
  const auto x = hn::Mul(hn::Mul(d, d), hn::Set(kBins, shape.steep));
  return hn::Mul(hn::Set(kBins, shape.height), exp_minus_of(x));
}

HWY_INLINE Bins bins_from(std::size_t start) {
  return hn::ConvertTo(kBins, hn::Iota(kWhole, static_cast<std::int32_t>(start)));
}

HWY_INLINE float total_of(const float* v) { return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7])); }

HWY_INLINE void add_to(float* sums, Bins values) { hn::StoreU(hn::Add(hn::LoadU(kBins, sums), values), kBins, sums); }

// Number, sum and sum of squares about its mean of the samples that belong to each component: 3 values each.
void moments(const float* counts, std::size_t bins, const MixtureComponent* mixture, std::size_t components,
             float* out) {
  Shape shapes[kMaxMixtureComponents];
  set_shapes(mixture, components, shapes);
  const std::size_t lanes = hn::Lanes(kBins);
  float sums[kMaxMixtureComponents][3][kSums] = {};
  for (std::size_t start = 0; start < bins; start += lanes) {
    const std::size_t lane = start % kSums;
    const auto places = bins_from(start);
    float densities[kMaxMixtureComponents][kSums];
    auto all = hn::Set(kBins, 1e-30F);
    for (std::size_t k = 0; k < components; ++k) {
      const auto here = density(from_mean(places, shapes[k]), shapes[k]);
      all = hn::Add(all, here);
      hn::StoreU(here, kBins, densities[k]);
    }
    const auto scale = hn::Div(hn::LoadU(kBins, counts + start), all);
    for (std::size_t k = 0; k < components; ++k) {
      const auto d = from_mean(places, shapes[k]);
      const auto share = hn::Mul(hn::LoadU(kBins, densities[k]), scale);
      const auto moment = hn::Mul(share, d);
      add_to(sums[k][0] + lane, share);
      add_to(sums[k][1] + lane, moment);
      add_to(sums[k][2] + lane, hn::Mul(moment, d));
    }
  }
  for (std::size_t k = 0; k < components; ++k) {
    for (std::size_t i = 0; i < 3; ++i) out[3 * k + i] = total_of(sums[k][i]);
  }
}

// The share of every bin that belongs to one component.
void memberships(std::size_t bins, const MixtureComponent* mixture, std::size_t components, std::size_t chosen,
                 float* out) {
  Shape shapes[kMaxMixtureComponents];
  set_shapes(mixture, components, shapes);
  for (std::size_t start = 0; start < bins; start += hn::Lanes(kBins)) {
    const auto places = bins_from(start);
    auto all = hn::Set(kBins, 1e-30F), of_chosen = all;
    for (std::size_t k = 0; k < components; ++k) {
      const auto here = density(from_mean(places, shapes[k]), shapes[k]);
      all = hn::Add(all, here);
      if (k == chosen) of_chosen = here;
    }
    hn::StoreU(hn::Div(of_chosen, all), kBins, out + start);
  }
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(moments);
HWY_EXPORT(memberships);

constexpr float kMinSigma = 0.4F;  // bins; a component may not shrink onto a single bin

// Of a histogram whose first b bins hold below[b] together.
float quantile_bin(std::span<const float> counts, const float* below, float q) {
  const float wanted = q * below[counts.size()];
  const auto b = static_cast<std::size_t>(std::lower_bound(below + 1, below + counts.size() + 1, wanted) - (below + 1));
  if (b == counts.size()) return static_cast<float>(b - 1);
  return static_cast<float>(b) + (counts[b] > 0 ? (wanted - below[b]) / counts[b] : 0.5F) - 0.5F;
}

}  // namespace

MixtureComponent fit_mixture(std::span<const float> counts, int components, int iterations,
                             std::span<float> membership) {
  const std::size_t bins = counts.size();
  const auto parts = static_cast<std::size_t>(components);
  std::array<float, kMaxMixtureBins + 1> below;
  below[0] = 0;
  for (std::size_t b = 0; b < bins; ++b) below[b + 1] = below[b] + counts[b];
  const float total = below[bins];
  const auto quantile = [&](float q) { return quantile_bin(counts, below.data(), q); };

  // Starting points: the median holds most, the others wait at the outer quantiles, so that the heaviest component
  // starts where the tissue is and the dark and bright tails have a component each.
  std::array<MixtureComponent, kMaxMixtureComponents> mixture{};
  const float width = std::max(1.0F, 0.5F * (quantile(0.84F) - quantile(0.16F)));
  for (std::size_t k = 0; k < parts; ++k) {
    const bool middle = k == parts / 2;
    const float q = parts == 1 ? 0.5F : 0.05F + 0.9F * static_cast<float>(k) / static_cast<float>(parts - 1);
    mixture[k] = {middle ? 1.0F : 0.3F, quantile(middle ? 0.5F : q), width};
  }

  for (int iteration = 0; iteration < iterations; ++iteration) {
    std::array<std::array<float, 3>, kMaxMixtureComponents> sums;
    HWY_DYNAMIC_DISPATCH(moments)(counts.data(), bins, mixture.data(), parts, sums[0].data());
    for (std::size_t k = 0; k < parts; ++k) {
      MixtureComponent& component = mixture[k];
      const auto [n, sum, square] = sums[k];
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
  HWY_DYNAMIC_DISPATCH(memberships)(bins, mixture.data(), parts, best, membership.data());
  return mixture[best];
}

}  // namespace capillaryx
#endif
