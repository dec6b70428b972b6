// SPDX-License-Identifier: Apache-2.0
#include "analysis/resample.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace capillaryx {
namespace {

constexpr int kShift = 11;    // of weights; twice 11 and 8 bits of a value fit 31
constexpr int kRowShift = 4;  // what of it goes after the first pass

}  // namespace

void Resampler::Axis::fill(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const double reach = std::max(1.0, scale);
  taps.resize(static_cast<std::size_t>(to));
  weights.clear();
  std::vector<double> exact;
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * scale - 0.5;
    const int first = static_cast<int>(std::floor(centre - reach)) + 1;
    const int last = static_cast<int>(std::ceil(centre + reach)) - 1;
    exact.assign(static_cast<std::size_t>(std::min(last, from - 1) - std::max(first, 0) + 1), 0);
    double sum = 0;
    for (int k = first; k <= last; ++k) {
      const double weight = 1 - std::abs(k - centre) / reach;
      exact[static_cast<std::size_t>(std::clamp(k, 0, from - 1) - std::max(first, 0))] += weight;
      sum += weight;
    }
    Taps& each = taps[static_cast<std::size_t>(i)];
    each = {std::max(first, 0), weights.size(), 0};
    int left = 1 << kShift;
    std::size_t heaviest = weights.size();
    for (const double weight : exact) {
      const auto whole = static_cast<std::int32_t>(weight / sum * (1 << kShift) + 0.5);
      weights.push_back(whole);
      left -= whole;
      if (whole > weights[heaviest]) heaviest = weights.size() - 1;
    }
    weights[heaviest] += left;  // what rounding left over
    each.end = weights.size();
  }
}

PixelView Resampler::resample(const PixelView& frame, int width, int height) {
  across_.fill(frame.width, width);
  down_.fill(frame.height, height);
  const int channels = frame.channels;
  const std::size_t row_values = static_cast<std::size_t>(frame.width) * static_cast<std::size_t>(channels);
  const std::size_t step = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  row_.resize(row_values);
  pixels_.resize(step * static_cast<std::size_t>(height));
  for (int y = 0; y < height; ++y) {
    const Taps& rows = down_.taps[static_cast<std::size_t>(y)];
    std::fill(row_.begin(), row_.end(), 1 << (kRowShift - 1));
    for (std::size_t k = rows.begin; k < rows.end; ++k) {
      const std::int32_t weight = down_.weights[k];
      const std::uint8_t* const from =
          frame.data + (rows.first + static_cast<std::ptrdiff_t>(k - rows.begin)) * frame.stride_bytes;
      for (std::size_t i = 0; i < row_values; ++i) row_[i] += weight * from[i];
    }
    for (std::int32_t& value : row_) value >>= kRowShift;
    std::uint8_t* to = pixels_.data() + static_cast<std::size_t>(y) * step;
    for (const Taps& columns : across_.taps) {
      for (int c = 0; c < channels; ++c) {
        constexpr int kLeft = 2 * kShift - kRowShift;
        std::int32_t sum = 1 << (kLeft - 1);
        const std::int32_t* from = row_.data() + static_cast<std::ptrdiff_t>(columns.first) * channels + c;
        for (std::size_t k = columns.begin; k < columns.end; ++k, from += channels) sum += across_.weights[k] * *from;
        *to++ = static_cast<std::uint8_t>(sum >> kLeft);
      }
    }
  }
  return {pixels_.data(), width, height, channels, static_cast<std::ptrdiff_t>(step)};
}

}  // namespace capillaryx
