// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "study/measurement.h"

namespace capillaryx {

/// How measurements are put together.
struct LevelOptions {
  /// Label columns from the outermost inwards. The first is the unit that is independent (a subject).
  std::vector<std::string> levels{"subject", "visit"};
  /// Label columns whose values are compared with each other.
  std::vector<std::string> compare{"visit", "condition"};
};

/// One row of groups.csv: a mean, a paired difference or an intraclass correlation of one quantity.
struct LevelRow {
  std::string quantity;
  std::string unit;
  std::string statistic;  ///< "mean", "difference", "icc(1,1)", "icc(2,1)"
  std::string level;      ///< what the row is about: a level, or "all"
  std::string of;         ///< what its n counts: the level below, or "measurement"
  std::map<std::string, std::string>
      labels;            ///< of the level, and every other label that all of its measurements share
  std::string compared;  ///< of a difference and icc(2,1): the column
  std::string from;
  std::string to;
  std::int64_t n = 0;
  std::int64_t measurements = 0;  ///< that count
  std::int64_t left_out = 0;      ///< measurements that count in no mean
  std::optional<double> value;    ///< the mean, mean difference or correlation
  std::optional<double> sd;
  std::optional<double> cv;
  std::optional<double> low;  ///< 95 % interval
  std::optional<double> high;
  std::optional<double> p;
  std::optional<double> effect_size;
  std::optional<double> change;  ///< fraction
  std::optional<double> change_low;
  std::optional<double> change_high;
  std::string reason;  ///< why something is absent
  std::string note;    ///< unequal scales and magnifications, measurements without a scale
};

/// Means over the level below at every level, comparisons and agreement, in an order that depends on labels and files
/// alone. Throws Error (kUsage) without a level.
std::vector<LevelRow> summarise(const std::vector<Measurement>& measurements, const LevelOptions& options);

/// Orders measurements by their labels at the levels, then by file, as people count ("f2" before "f10").
void sort_measurements(std::vector<Measurement>& measurements, const LevelOptions& options);

/// Unequal scales or magnifications among what counts, in words; empty if all are alike. `needs_scale`: a measurement
/// without a scale counts not at all and is named.
std::string compare_scales(const std::vector<const Measurement*>& measurements, bool needs_scale);

}  // namespace capillaryx
