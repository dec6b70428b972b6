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

/// Mean over frames and its 95 % interval by bootstrap over frames, in memory that no number of frames makes larger.
///
/// Up to kGroups frames each is resampled by itself. Of more, each goes into one of kGroups groups, drawn from its
/// number alone, and groups are resampled: the order of frames leaves no trace, and the interval is as wide as that of
/// the bootstrap over frames, but for 2 % (one standard deviation), which its resamples cost as well.
class MeanSeries {
 public:
  static constexpr std::size_t kGroups = 1024;

  void add(double value);
  std::int64_t count() const { return count_; }
  /// 0 of nothing. The sum runs in the order of the frames.
  double mean() const;
  /// Nothing below two frames, as one frame says nothing of the spread.
  std::optional<Interval> interval() const;

 private:
  void put_into_group(std::uint64_t number, double value);

  std::int64_t count_ = 0;
  double sum_ = 0;
  std::vector<double> group_sums_;
  std::vector<std::int64_t> group_counts_;  ///< empty while every frame is held by itself
};

/// Percentile `share` (0..1) of `sorted`, linear between neighbours; `sorted` must hold something.
double percentile(std::span<const double> sorted, double share);

/// Mean; 0 of nothing.
double mean(std::span<const double> values);

}  // namespace capillaryx
