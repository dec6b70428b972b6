// SPDX-License-Identifier: Apache-2.0
#include "sink/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

namespace capillaryx {
namespace {

/// A number below `count` (at most 2^32) from 64 random bits. std::uniform_int_distribution would differ between
/// standard libraries.
std::uint32_t draw_below(std::mt19937_64& random, std::uint64_t count) {
  return static_cast<std::uint32_t>(((random() >> 32) * count) >> 32);
}

/// The bits of a number, mixed (Steele, Lea and Flood 2014, SplitMix64).
std::uint64_t mixed(std::uint64_t number) {
  number += 0x9E3779B97F4A7C15U;
  number = (number ^ (number >> 30U)) * 0xBF58476D1CE4E5B9U;
  number = (number ^ (number >> 27U)) * 0x94D049BB133111EBU;
  return number ^ (number >> 31U);
}

}  // namespace

void bootstrap(std::size_t frames, const std::function<void(std::span<const std::uint32_t>)>& on_resample) {
  if (frames == 0) return;
  std::mt19937_64 random(kBootstrapSeed);
  std::vector<std::uint32_t> drawn(frames);
  for (int i = 0; i < kBootstrapResamples; ++i) {
    for (std::uint32_t& frame : drawn) frame = draw_below(random, frames);
    on_resample(drawn);
  }
}

std::optional<Interval> interval_of(std::vector<double> resampled) {
  if (resampled.empty()) return std::nullopt;
  std::sort(resampled.begin(), resampled.end());
  return Interval{percentile(resampled, 0.025), percentile(resampled, 0.975)};
}

void MeanSeries::add(double value) {
  const auto number = static_cast<std::uint64_t>(count_++);
  sum_ += value;
  if (number < kGroups) {
    group_sums_.push_back(value);
    return;
  }
  if (group_counts_.empty()) {
    const std::vector<double> first = std::exchange(group_sums_, std::vector<double>(kGroups));
    group_counts_.resize(kGroups);
    for (std::size_t i = 0; i < first.size(); ++i) put_into_group(i, first[i]);
  }
  put_into_group(number, value);
}

void MeanSeries::put_into_group(std::uint64_t number, double value) {
  const std::size_t group = mixed(number) % kGroups;
  group_sums_[group] += value;
  ++group_counts_[group];
}

double MeanSeries::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

std::optional<Interval> MeanSeries::interval() const {
  if (count_ < 2) return std::nullopt;
  std::vector<double> means;
  means.reserve(kBootstrapResamples);
  bootstrap(group_sums_.size(), [&](std::span<const std::uint32_t> drawn) {
    double sum = 0;
    for (const std::uint32_t group : drawn) sum += group_sums_[group];
    std::int64_t frames = group_counts_.empty() ? static_cast<std::int64_t>(drawn.size()) : 0;
    if (!group_counts_.empty()) {
      for (const std::uint32_t group : drawn) frames += group_counts_[group];
    }
    means.push_back(sum / static_cast<double>(frames));
  });
  return interval_of(std::move(means));
}

double percentile(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

double mean(std::span<const double> values) {
  if (values.empty()) return 0;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace capillaryx
