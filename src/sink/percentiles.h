// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace capillaryx {

/// Mean and percentiles of durations, in memory that no number of them makes larger. The mean is exact. Percentiles
/// are exact up to kExact durations; of more they are right to within 0.2 % of themselves (between 1 us and 12 days;
/// what lies outside counts as the nearer end). What is not finite is no duration and is skipped.
class Percentiles {
 public:
  static constexpr std::size_t kExact = 1024;

  Percentiles();

  void add(double ms);
  std::int64_t count() const { return count_; }
  /// 0 of nothing.
  double mean() const;
  /// Percentile `share` (0..1), linear between neighbours; there must be a duration.
  double at(double share) const;

 private:
  std::int64_t count_ = 0;
  double sum_ms_ = 0;
  std::vector<double> exact_ms_;     ///< in the order of coming; empty once there are more than kExact
  std::vector<std::uint32_t> bins_;  ///< all zero until then
};

}  // namespace capillaryx
