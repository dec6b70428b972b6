// SPDX-License-Identifier: Apache-2.0
#include "sink/percentiles.h"

#include <algorithm>
#include <cmath>

#include "sink/bootstrap.h"

namespace capillaryx {
namespace {

/// A power of two has this many bins, of equal width.
constexpr int kBinsAnOctave = 256;
constexpr int kLeastExponent = -10;  // 2^-10 ms, 1 us
constexpr int kOctaves = 40;

std::size_t bin_of(double ms) {
  const double least_ms = std::ldexp(1.0, kLeastExponent);
  const double past_ms = std::ldexp(1.0, kLeastExponent + kOctaves);
  int exponent = 0;
  const double part = std::frexp(std::clamp(ms, least_ms, std::nextafter(past_ms, 0.0)), &exponent);  // 0.5 to 1
  const int octave = exponent - 1 - kLeastExponent;
  return static_cast<std::size_t>(octave * kBinsAnOctave + static_cast<int>((2 * part - 1) * kBinsAnOctave));
}

double middle_of(std::size_t bin) {
  const double part = (static_cast<double>(bin % kBinsAnOctave) + 0.5) / kBinsAnOctave;
  return std::ldexp(1 + part, kLeastExponent + static_cast<int>(bin / kBinsAnOctave));
}

/// What stands at `place` of the durations in order, where each stands as the middle of its bin.
double nth(const std::vector<std::uint32_t>& bins, std::int64_t place) {
  std::size_t bin = 0;
  for (; bin + 1 < bins.size() && place >= bins[bin]; ++bin) place -= bins[bin];
  return middle_of(bin);
}

}  // namespace

// Both are there from the beginning, so that a long run needs no more than a short one.
Percentiles::Percentiles() : bins_(std::size_t{kOctaves} * kBinsAnOctave) { exact_ms_.reserve(kExact); }

void Percentiles::add(double ms) {
  if (!std::isfinite(ms)) return;
  ++count_;
  sum_ms_ += ms;
  if (count_ <= static_cast<std::int64_t>(kExact)) {
    exact_ms_.push_back(ms);
    return;
  }
  for (const double earlier_ms : exact_ms_) ++bins_[bin_of(earlier_ms)];
  exact_ms_.clear();
  ++bins_[bin_of(ms)];
}

double Percentiles::mean() const { return count_ == 0 ? 0 : sum_ms_ / static_cast<double>(count_); }

double Percentiles::at(double share) const {
  if (!exact_ms_.empty()) {
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
