// SPDX-License-Identifier: Apache-2.0
#include "sink/percentiles.h"

#include <algorithm>
#include <cmath>

#include "sink/bootstrap.h"

namespace capillaryx {
namespace {

/// A power of two has this many bins, of equal width.
constexpr int kBinsAnOctave = 256;
constexpr double kLeastMs = 0.0009765625;  // 2^-10
constexpr double kMostMs = 1073741824;     // 2^30

int bin_of(double ms) {
  int exponent = 0;
  const double part = std::frexp(std::clamp(ms, kLeastMs, kMostMs), &exponent);
  return exponent * kBinsAnOctave + static_cast<int>((2 * part - 1) * kBinsAnOctave);
}

double middle_of(int bin) {
  const int exponent = static_cast<int>(std::floor(static_cast<double>(bin) / kBinsAnOctave));
  const double part = 0.5 * (1 + (bin - exponent * kBinsAnOctave + 0.5) / kBinsAnOctave);
  return std::ldexp(part, exponent);
}

/// What stands at `place` of the durations in order, where each stands as the middle of its bin.
double nth(const std::map<int, std::int64_t>& bins, std::int64_t place) {
  for (const auto& [bin, count] : bins) {
    if (place < count) return middle_of(bin);
    place -= count;
  }
  return middle_of(bins.rbegin()->first);
}

}  // namespace

void Percentiles::add(double ms) {
  if (!std::isfinite(ms)) return;
  ++count_;
  sum_ms_ += ms;
  if (bins_.empty() && exact_ms_.size() < kExact) {
    exact_ms_.push_back(ms);
    return;
  }
  for (const double earlier_ms : exact_ms_) ++bins_[bin_of(earlier_ms)];
  exact_ms_ = {};
  ++bins_[bin_of(ms)];
}

double Percentiles::mean() const { return count_ == 0 ? 0 : sum_ms_ / static_cast<double>(count_); }

double Percentiles::at(double share) const {
  if (bins_.empty()) {
    std::vector<double> sorted_ms = exact_ms_;
    std::sort(sorted_ms.begin(), sorted_ms.end());
    return percentile(sorted_ms, share);
  }
  const double place = share * static_cast<double>(count_ - 1);
  const auto below = static_cast<std::int64_t>(std::floor(place));
  const double low_ms = nth(bins_, below);
  const double high_ms = nth(bins_, std::min(below + 1, count_ - 1));
  return low_ms + (place - std::floor(place)) * (high_ms - low_ms);
}

}  // namespace capillaryx
