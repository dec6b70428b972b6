// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Statistics over independent values. docs/statistics.md has every formula with its source. An unknown value is
/// absent, and `reason` says why. Pure functions.
namespace capillaryx {

/// The share of 95 % intervals that hold the true value.
constexpr double kCoverage = 0.95;

/// Mean; exact where all values are equal. `values` must hold something.
double mean_of(std::span<const double> values);

/// Mean over independent values.
struct Description {
  std::int64_t n = 0;
  std::optional<double> mean;
  std::optional<double> sd;   ///< of a sample: n - 1
  std::optional<double> cv;   ///< SD / mean; absent unless every value is >= 0 and the mean is > 0
  std::optional<double> low;  ///< 95 % interval of the mean, Student's t
  std::optional<double> high;
  std::string reason;  ///< why the interval is absent; empty otherwise
};
Description describe(std::span<const double> values);

/// `to` minus `from`, pair by pair.
struct PairedDifference {
  std::int64_t n = 0;
  std::optional<double> mean;
  std::optional<double> sd;
  std::optional<double> low;  ///< 95 % interval of the mean difference, Student's t
  std::optional<double> high;
  std::optional<double> p;            ///< two-sided, paired t test
  std::optional<double> effect_size;  ///< Hedges' g_av
  std::optional<double> change;       ///< mean of `to` / mean of `from` - 1
  std::optional<double> change_low;   ///< its 95 % interval (Fieller)
  std::optional<double> change_high;
  std::string reason;  ///< why values are absent; empty otherwise
};
/// Throws Error (kInternal) if the two differ in length.
PairedDifference paired_difference(std::span<const double> from, std::span<const double> to);

/// Intraclass correlation of single measurements, after Shrout and Fleiss 1979.
struct Icc {
  std::int64_t targets = 0;       ///< the targets: subjects or visits
  std::int64_t measurements = 0;  ///< in all targets together
  std::optional<double> icc;
  std::optional<double> low;  ///< 95 % interval
  std::optional<double> high;
  std::string reason;  ///< why values are absent; empty otherwise
};
/// ICC(1,1): measurements nested in targets. Targets with different numbers of measurements get no interval.
Icc icc_nested(const std::vector<std::vector<double>>& targets);
/// ICC(2,1): every target has one value of each of the same visits or readers. Throws Error (kInternal) if rows differ
/// in length.
Icc icc_crossed(const std::vector<std::vector<double>>& targets);

}  // namespace capillaryx
