// SPDX-License-Identifier: Apache-2.0
#include "analysis/mixture.h"

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "analysis/gaussian.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/mixture.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// A lane is a window: sums run over its bins in their order, whatever a vector holds.
HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kLanes = WindowHistograms::kLanes;
constexpr hn::CappedTag<float, kLanes> kWindows;
constexpr hn::RebindToSigned<decltype(kWindows)> kWhole;
using Windows = hn::VFromD<decltype(kWindows)>;

constexpr float kMinSigma = 0.4F;  // bins; a component may not shrink onto a single bin
constexpr float kFloor = 1e-30F;   // of a density that is divided by

HWY_INLINE Windows set(float value) { return hn::Set(kWindows, value); }

// exp_minus (gaussian.h) of every lane.
HWY_INLINE Windows exp_minus_of(Windows x) {
  const auto scaled = hn::Mul(hn::Min(x, set(80.0F)), set(-1.44269504F));
  const auto whole = hn::ConvertTo(kWhole, hn::Sub(scaled, set(0.5F)));
  const auto f = hn::Mul(hn::Sub(scaled, hn::ConvertTo(kWindows, whole)), set(0.69314718F));
  auto p = hn::Add(set(0.041666667F), hn::Mul(f, set(0.0083333333F)));
  p = hn::Add(set(0.16666667F), hn::Mul(f, p));
  p = hn::Add(set(0.5F), hn::Mul(f, p));
  p = hn::Add(set(1.0F), hn::Mul(f, p));
  p = hn::Add(set(1.0F), hn::Mul(f, p));
  const auto power = hn::ShiftLeft<23>(hn::Add(whole, hn::Set(kWhole, 127)));
  return hn::Mul(p, hn::BitCast(kWindows, power));
}

// A component of every lane. Vectors of some instruction sets cannot be members: memory.
struct Component {
  HWY_ALIGN float weight[kLanes], mean[kLanes], sigma[kLanes];
  HWY_ALIGN float height[kLanes], steep[kLanes];  // as its density wants it
  HWY_ALIGN float sums[3][kLanes];                // number, sum and sum of squares about the mean of what belongs to it
};

HWY_INLINE Windows load(const float* lanes) { return hn::LoadU(kWindows, lanes); }
HWY_INLINE void store(Windows values, float* lanes) { hn::StoreU(values, kWindows, lanes); }

HWY_INLINE void set_shape(Component& component) {
  const auto sigma = load(component.sigma);
  store(hn::Div(load(component.weight), sigma), component.height);
  store(hn::Div(set(0.5F), hn::Mul(sigma, sigma)), component.steep);
}

// A component's density at a distance from its mean, times its weight.
HWY_INLINE Windows density(Windows d, const float* height, const float* steep) {
  return hn::Mul(load(height), exp_minus_of(hn::Mul(hn::Mul(d, d), load(steep))));
}

// The bins of the windows of one vector.
struct Bins {
  const float* counts;
  std::size_t stride, first, last;  // bins outside of first .. last are empty
};

// Where a share of the samples lies below, in bins.
HWY_INLINE Windows quantile(const Bins& bins, Windows wanted) {
  auto below = set(0), at = set(0);
  auto open = hn::Eq(below, below);
  for (std::size_t b = bins.first; b <= bins.last; ++b) {
    const auto count = load(bins.counts + b * bins.stride);
    const auto next = hn::Add(below, count);
    const auto here = hn::And(open, hn::Ge(next, wanted));
    const auto part = hn::Div(hn::Sub(wanted, below), hn::Max(count, set(1.0F)));
    at = hn::IfThenElse(here, hn::Add(set(static_cast<float>(b) - 0.5F), part), at);
    open = hn::AndNot(here, open);
    below = next;
  }
  return at;
}

template <class Count>
HWY_INLINE void add_moments(const Bins& bins, Count components, Component* mixture) {
  HWY_ALIGN float densities[kMaxMixtureComponents][kLanes];
  for (std::size_t k = 0; k < components; ++k) {
    set_shape(mixture[k]);
    for (auto& sum : mixture[k].sums) store(set(0), sum);
  }
  for (std::size_t b = bins.first; b <= bins.last; ++b) {
    const auto place = set(static_cast<float>(b));
    auto all = set(kFloor);
    for (std::size_t k = 0; k < components; ++k) {
      const auto here = density(hn::Sub(place, load(mixture[k].mean)), mixture[k].height, mixture[k].steep);
      all = hn::Add(all, here);
      store(here, densities[k]);
    }
    const auto scale = hn::Div(load(bins.counts + b * bins.stride), all);
    for (std::size_t k = 0; k < components; ++k) {
      const auto d = hn::Sub(place, load(mixture[k].mean));
      const auto share = hn::Mul(load(densities[k]), scale);
      const auto moment = hn::Mul(share, d);
      auto& sums = mixture[k].sums;
      store(hn::Add(load(sums[0]), share), sums[0]);
      store(hn::Add(load(sums[1]), moment), sums[1]);
      store(hn::Add(load(sums[2]), hn::Mul(moment, d)), sums[2]);
    }
  }
}

HWY_INLINE void take_moments(Windows total, Component& component) {
  const auto n = load(component.sums[0]);
  store(hn::Div(n, total), component.weight);
  const auto enough = hn::Ge(n, hn::Mul(set(1e-3F), total));
  const auto divisor = hn::Max(n, set(kFloor));
  const auto shift = hn::Div(load(component.sums[1]), divisor);
  const auto variance = hn::Sub(hn::Div(load(component.sums[2]), divisor), hn::Mul(shift, shift));
  const auto sigma = hn::Max(set(kMinSigma), hn::Sqrt(hn::Max(set(0), variance)));
  const auto mean = load(component.mean);
  store(hn::IfThenElse(enough, hn::Add(mean, shift), mean), component.mean);
  store(hn::IfThenElse(enough, sigma, load(component.sigma)), component.sigma);
}

// Means of two other values over what belongs to the component `best`.
template <class Count>
HWY_INLINE void take_others(const Bins& bins, Count components, const Component* mixture, const Component& best,
                            const float* const* sums, float* const* means) {
  auto weight = set(0), first = set(0), second = set(0);
  for (std::size_t b = bins.first; b <= bins.last; ++b) {
    const auto place = set(static_cast<float>(b));
    auto all = set(kFloor);
    for (std::size_t k = 0; k < components; ++k) {
      const auto d = hn::Sub(place, load(mixture[k].mean));
      all = hn::Add(all, density(d, mixture[k].height, mixture[k].steep));
    }
    const auto share = hn::Div(density(hn::Sub(place, load(best.mean)), best.height, best.steep), all);
    weight = hn::Add(weight, hn::Mul(share, load(bins.counts + b * bins.stride)));
    first = hn::Add(first, hn::Mul(share, load(sums[0] + b * bins.stride)));
    second = hn::Add(second, hn::Mul(share, load(sums[1] + b * bins.stride)));
  }
  const auto divisor = hn::Max(weight, set(kFloor));
  store(hn::Div(first, divisor), means[0]);
  store(hn::Div(second, divisor), means[1]);
}

// Starting points: the median holds most, the others wait at the outer quantiles, so that the heaviest component starts
// where the tissue is and the dark and bright tails have a component each.
HWY_INLINE void start_mixture(const Bins& bins, Windows total, std::size_t components, Component* mixture) {
  const auto at = [&](float q) HWY_ATTR { return quantile(bins, hn::Mul(set(q), total)); };
  const auto width = hn::Max(set(1.0F), hn::Mul(set(0.5F), hn::Sub(at(0.84F), at(0.16F))));
  for (std::size_t k = 0; k < components; ++k) {
    const bool middle = k == components / 2;
    const float q = 0.05F + 0.9F * static_cast<float>(k) / static_cast<float>(std::max<std::size_t>(components, 2) - 1);
    store(set(middle ? 1.0F : 0.3F), mixture[k].weight);
    store(at(middle ? 0.5F : q), mixture[k].mean);
    store(width, mixture[k].sigma);
  }
}

template <class Count>
HWY_INLINE void fit_lanes(const WindowHistograms& windows, std::size_t first, std::size_t last, Count components,
                          int iterations, DominantComponents& out) {
  Component mixture[kMaxMixtureComponents], best;
  for (std::size_t w = 0; w < windows.stride; w += hn::Lanes(kWindows)) {
    const Bins bins = {windows.count.data() + w, windows.stride, first, last};
    auto total = set(0);
    for (std::size_t b = first; b <= last; ++b) total = hn::Add(total, load(bins.counts + b * bins.stride));
    total = hn::Max(total, set(1.0F));  // lanes beyond the last window are empty
    start_mixture(bins, total, components, mixture);
    for (int i = 0; i < iterations; ++i) {
      add_moments(bins, components, mixture);
      for (std::size_t k = 0; k < components; ++k) take_moments(total, mixture[k]);
    }
    for (std::size_t k = 0; k < components; ++k) set_shape(mixture[k]);
    best = mixture[0];
    for (std::size_t k = 1; k < components; ++k) {
      const auto heavier = hn::Gt(load(mixture[k].weight), load(best.weight));
      const auto choose = [&](const float* other, float* chosen)
                              HWY_ATTR { store(hn::IfThenElse(heavier, load(other), load(chosen)), chosen); };
      choose(mixture[k].mean, best.mean);
      choose(mixture[k].sigma, best.sigma);
      choose(mixture[k].height, best.height);
      choose(mixture[k].steep, best.steep);
      choose(mixture[k].weight, best.weight);
    }
    store(load(best.weight), out.weight.data() + w);
    store(load(best.mean), out.mean.data() + w);
    store(load(best.sigma), out.sigma.data() + w);
    const float* const sums[2] = {windows.sum[0].data() + w, windows.sum[1].data() + w};
    float* const means[2] = {out.others[0].data() + w, out.others[1].data() + w};
    take_others(bins, components, mixture, best, sums, means);
  }
}

void fit(const WindowHistograms& windows, std::size_t first, std::size_t last, std::size_t components, int iterations,
         DominantComponents& out) {
  if (components == 3) {  // the usual number, known to the compiler
    fit_lanes(windows, first, last, std::integral_constant<std::size_t, 3>(), iterations, out);
  } else {
    fit_lanes(windows, first, last, components, iterations, out);
  }
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(fit);

}  // namespace

void WindowHistograms::start(std::size_t window_count, std::size_t bin_count) {
  windows = window_count;
  bins = bin_count;
  stride = (windows + kLanes - 1) / kLanes * kLanes;
  count.assign(bins * stride, 0);
  for (auto& values : sum) values.assign(bins * stride, 0);
}

void fit_mixtures(const WindowHistograms& windows, std::size_t components, int iterations, DominantComponents& out) {
  for (auto* values : {&out.weight, &out.mean, &out.sigma, &out.others[0], &out.others[1]}) {
    values->resize(windows.stride);
  }
  // Empty bins at either end add nothing but time.
  const auto used = [](float count) { return count > 0; };
  const auto begin = windows.count.begin(), end = windows.count.end();
  const auto first = static_cast<std::size_t>(std::find_if(begin, end, used) - begin) / windows.stride;
  const auto behind = static_cast<std::size_t>(std::find_if(windows.count.rbegin(), windows.count.rend(), used) -
                                               windows.count.rbegin()) /
                      windows.stride;
  HWY_DYNAMIC_DISPATCH(fit)(windows, first, windows.bins - 1 - behind, components, iterations, out);
}

}  // namespace capillaryx
#endif
