// SPDX-License-Identifier: Apache-2.0
#include "analysis/darkness.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/darkness.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Calls each(tag, x) for whole vectors of values, then for what is left one by one.
template <class Each>
HWY_INLINE void over_values(int width, Each&& each) {
  const hn::ScalableTag<std::int16_t> many;
  const hn::CappedTag<std::int16_t, 1> one;
  const int lanes = static_cast<int>(hn::Lanes(many));
  int x = 0;
  for (; x + lanes <= width; x += lanes) each(many, x);
  for (; x < width; ++x) each(one, x);
}

void subtract(const std::int16_t* behind, const std::int16_t* value, int width, std::int16_t* out) {
  static_assert(Background::kOne == 4 * Darkness::kCoarseOne);
  over_values(width, [&](auto d, int x) HWY_ATTR {
    const auto rounded = hn::ShiftRight<2>(hn::Add(hn::LoadU(d, behind + x), hn::Set(d, 2)));
    hn::StoreU(hn::Sub(rounded, hn::LoadU(d, value + x)), d, out + x);
  });
}

// a + 4 b + 6 c, of values of 16 bits.
template <class V>
HWY_INLINE V binomial(V a, V b, V c) {
  return hn::Add(hn::Add(a, hn::Add(c, c)), hn::ShiftLeft<2>(hn::Add(b, c)));
}

// The binomial kernel 1 4 6 4 1 has sigma 1, at half size 2 px of the frame. The values stay in 16 bits: differences
// are at most +-1020, a column's sum +-16320, after its shift +-2040, a row's sum +-32640.
void blur_column(const std::int16_t* const* rows, int width, std::int16_t* out) {
  over_values(width, [&](auto d, int x) HWY_ATTR {
    const auto value = [&](int row) HWY_ATTR { return hn::LoadU(d, rows[row] + x); };
    const auto sum = binomial(hn::Add(value(0), value(4)), hn::Add(value(1), value(3)), value(2));
    hn::StoreU(hn::ShiftRight<3>(hn::Add(sum, hn::Set(d, 4))), d, out + x);
  });
}

// `in` has two values more on either side.
void blur_row(const std::int16_t* in, int width, std::int16_t* out) {
  over_values(width, [&](auto d, int x) HWY_ATTR {
    const auto value = [&](int shift) HWY_ATTR { return hn::LoadU(d, in + x + shift); };
    const auto sum = binomial(hn::Add(value(-2), value(2)), hn::Add(value(-1), value(1)), value(0));
    hn::StoreU(hn::ShiftRight<4>(hn::Add(sum, hn::Set(d, 8))), d, out + x);
  });
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(subtract);
HWY_EXPORT(blur_column);
HWY_EXPORT(blur_row);

constexpr std::size_t kBefore = kCacheLineBytes / sizeof(std::int16_t);  // values of a line before its first one
constexpr int kDeviationStep = 3;  // the deviation is taken from every 3rd value of every 3rd row

// Counts the values of a row by how far from 0 they are.
void count_row(Darkness& darkness, const std::int16_t* row) {
  std::uint32_t* const histogram = darkness.histogram.data();
  for (int x = 0; x < darkness.width; x += kDeviationStep) {
    const int d = row[x] < 0 ? -row[x] : row[x];
    ++histogram[std::min(d, 256 * Darkness::kFineOne - 1)];
  }
}

// Of what was counted.
float robust_sd_of(const Darkness& darkness) {
  const std::vector<std::uint32_t>& histogram = darkness.histogram;
  const std::uint32_t samples = std::accumulate(histogram.begin(), histogram.end(), 0U);
  std::uint32_t below = 0;
  std::size_t median = 0;
  while (below + histogram[median] <= samples / 2) below += histogram[median++];
  return std::max(0.25F, (static_cast<float>(median) + 0.5F) / Darkness::kFineOne / 0.6745F);
}

}  // namespace

void measure_darkness(const ReducedFrame& reduced, const Background& background, Darkness& darkness) {
  const int width = reduced.width, height = reduced.height;
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  darkness.width = width;
  darkness.height = height;
  darkness.behind.resize(pixels);
  darkness.difference.resize(pixels);
  darkness.smooth.resize(pixels);
  darkness.line.resize(static_cast<std::size_t>(width) + 2 * kBefore);
  const int vessel = vessel_channel(reduced.channels);
  const BackgroundGrid& grid = background.grid();
  grid.set_columns(0, 2, width, darkness.columns);
  darkness.histogram.assign(256 * Darkness::kFineOne, 0);
  int ready = 0;  // rows of differences: two more than blurred ones, while they lie in the cache
  for (int y = 0; y < height; ++y) {
    for (; ready <= std::min(y + 2, height - 1); ++ready) {
      const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(ready) * width;
      std::int16_t* const behind = darkness.behind.data() + start;
      grid.line(vessel, grid.row_at(2 * ready), darkness.columns, behind);
      HWY_DYNAMIC_DISPATCH(subtract)(behind, reduced.row(vessel, ready), width, darkness.difference.data() + start);
    }
    const std::int16_t* rows[5];
    for (int i = 0; i < 5; ++i) {
      rows[i] = darkness.difference.data() + static_cast<std::ptrdiff_t>(std::clamp(y + i - 2, 0, height - 1)) * width;
    }
    std::int16_t* in = darkness.line.data() + kBefore;
    HWY_DYNAMIC_DISPATCH(blur_column)(rows, width, in);
    in[-2] = in[-1] = in[0];
    in[width] = in[width + 1] = in[width - 1];
    std::int16_t* const smooth = darkness.smooth.data() + static_cast<std::ptrdiff_t>(y) * width;
    HWY_DYNAMIC_DISPATCH(blur_row)(in, width, smooth);
    if (y % kDeviationStep == 0) count_row(darkness, smooth);
  }
  darkness.robust_sd = robust_sd_of(darkness);
  darkness.level = background.level(vessel);
}

}  // namespace capillaryx
#endif
