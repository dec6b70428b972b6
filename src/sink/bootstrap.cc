// SPDX-License-Identifier: Apache-2.0
#include "sink/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace capillaryx {
namespace {

/// A number below `count` (at most 2^32) from 64 random bits. std::uniform_int_distribution would differ between
/// standard libraries.
std::uint32_t draw_below(std::mt19937_64& random, std::uint64_t count) {
  return static_cast<std::uint32_t>(((random() >> 32) * count) >> 32);
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

std::optional<Interval> bootstrap_mean(std::span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  std::vector<double> means;
  means.reserve(kBootstrapResamples);
  bootstrap(values.size(), [&](std::span<const std::uint32_t> drawn) {
    double sum = 0;
    for (const std::uint32_t frame : drawn) sum += values[frame];
    means.push_back(sum / static_cast<double>(drawn.size()));
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
