// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace capillaryx {

/// A 95 % interval.
struct Interval {
  double low = 0;
  double high = 0;
};

/// Resamples of an interval (B), and the seed that makes them the same every time.
constexpr int kBootstrapResamples = 2000;
constexpr std::uint64_t kBootstrapSeed = 20220418;

/// Calls `on_resample` kBootstrapResamples times, each time with `frames` numbers below `frames`, drawn with
/// replacement: which frames this resample holds. The same draws on any machine.
void bootstrap(std::size_t frames, const std::function<void(std::span<const std::uint32_t>)>& on_resample);

/// Percentile bootstrap (Efron 1979): the 2.5th to the 97.5th percentile of what the resamples gave. Nothing for none.
std::optional<Interval> interval_of(std::vector<double> resampled);

/// 95 % interval of the mean over frames. Nothing below two frames, as one frame says nothing of the spread.
std::optional<Interval> bootstrap_mean(std::span<const double> values);

/// Percentile `share` (0..1) of `sorted`, linear between neighbours; `sorted` must hold something.
double percentile(std::span<const double> sorted, double share);

/// Mean; 0 of nothing.
double mean(std::span<const double> values);

}  // namespace capillaryx
