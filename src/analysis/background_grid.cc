// SPDX-License-Identifier: Apache-2.0
#include "analysis/background_grid.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/background_grid.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kGroup = 16;  // nodes that are worked out at once

// Values at nodes first, first + 1, ... of a row in 1/256 of a step, and the slopes from each to the next.
struct Nodes {
  std::int32_t value[kGroup + 1];
  std::int32_t slope[kGroup];
};

HWY_INLINE void set_nodes(const BackgroundGrid& grid, const std::int16_t* upper, const std::int16_t* lower, int part,
                          std::size_t first, std::size_t count, Nodes& nodes) {
  for (std::size_t i = 0; i < count; ++i) {
    nodes.value[i] = upper[first + i] * 256 + (lower[first + i] - upper[first + i]) * part;
  }
  // Below 2^24 a quotient of floats, cut off, is that of the whole numbers.
  const int* const x = grid.x.data() + first;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    nodes.slope[i] = static_cast<std::int32_t>(static_cast<float>(nodes.value[i + 1] - nodes.value[i]) /
                                               static_cast<float>(x[i + 1] - x[i]));
  }
}

HWY_INLINE std::int16_t* ramp(std::int32_t value, std::int32_t slope, int count, std::int16_t* out) {
  const hn::CappedTag<std::int32_t, 8> d;
  const hn::Rebind<std::int16_t, decltype(d)> narrow;
  const int lanes = static_cast<int>(hn::Lanes(d));
  int i = 0;
  if (count >= lanes) {
    auto values = hn::Add(hn::Set(d, value), hn::Mul(hn::Set(d, slope), hn::Iota(d, 0)));
    const auto step = hn::Set(d, slope * lanes);
    for (; i + lanes <= count; i += lanes) {
      hn::StoreU(hn::DemoteTo(narrow, hn::ShiftRight<8>(values)), narrow, out + i);
      values = hn::Add(values, step);
    }
  }
  for (; i < count; ++i) out[i] = static_cast<std::int16_t>((value + slope * i) >> 8);
  return out + count;
}

// kShift: the step is 1 << kShift pixels.
template <int kShift>
HWY_INLINE void line_of_step(const BackgroundGrid& grid, const std::int16_t* upper, const std::int16_t* lower, int part,
                             int start, int count, std::int16_t* out) {
  constexpr int kStep = 1 << kShift;
  const std::size_t columns = grid.x.size();
  const int* const x = grid.x.data();
  auto segment = static_cast<std::size_t>(std::upper_bound(x, x + columns, start) - x);  // the node after `start`
  const auto values_before = [](int px, int stop) { return (stop - px + kStep - 1) >> kShift; };
  const auto flat = [&](std::size_t node, int values) HWY_ATTR {
    const std::int32_t value = upper[node] * 256 + (lower[node] - upper[node]) * part;
    out = ramp(value + 128, 0, values, out);
  };
  const int end = start + kStep * count;
  int px = start;
  if (segment == 0) {
    const int values = values_before(px, std::min(end, x[0]));
    flat(0, values);
    px += values * kStep;
    segment = 1;
  }
  Nodes nodes;
  while (px < end && segment < columns) {
    // The nodes from the one before `px` on, as many as are needed.
    const std::size_t first = segment - 1;
    std::size_t used = 2;
    while (used <= kGroup && first + used < columns && x[first + used - 1] < end) ++used;
    set_nodes(grid, upper, lower, part, first, used, nodes);
    for (std::size_t i = 0; i + 1 < used && px < end; ++i, ++segment) {
      const int values = values_before(px, std::min(end, x[first + i + 1]));
      if (values <= 0) continue;
      out = ramp(nodes.value[i] + 128 + nodes.slope[i] * (px - x[first + i]), nodes.slope[i] * kStep, values, out);
      px += values * kStep;
    }
  }
  if (px < end) flat(columns - 1, values_before(px, end));
}

void grid_line(const BackgroundGrid& grid, const std::int16_t* upper, const std::int16_t* lower, int part, int start,
               int step, int count, std::int16_t* out) {
  switch (step) {
    case 1:
      return line_of_step<0>(grid, upper, lower, part, start, count, out);
    case 2:
      return line_of_step<1>(grid, upper, lower, part, start, count, out);
    default:
      return line_of_step<3>(grid, upper, lower, part, start, count, out);
  }
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(grid_line);

}  // namespace

BackgroundGrid::Row BackgroundGrid::row_at(int row) const {
  const auto below = static_cast<std::size_t>(std::upper_bound(y.begin(), y.end(), row) - y.begin());
  Row at;
  at.lower = std::min(below, y.size() - 1);
  at.upper = below > 0 ? below - 1 : 0;
  const int gap = y[at.lower] - y[at.upper];
  at.part = gap > 0 ? (std::clamp(row - y[at.upper], 0, gap) * 256 + gap / 2) / gap : 0;
  return at;
}

void BackgroundGrid::line(int channel, const Row& row, int start, int step, int count, std::int16_t* out) const {
  const std::int16_t* const nodes = values[static_cast<std::size_t>(channel)].data();
  HWY_DYNAMIC_DISPATCH(grid_line)
  (*this, nodes + row.upper * x.size(), nodes + row.lower * x.size(), row.part, start, step, count, out);
}

void BackgroundGrid::points(int channel, const Row& row, const std::vector<int>& at, std::int16_t* out) const {
  const std::int16_t* const upper = values[static_cast<std::size_t>(channel)].data() + row.upper * x.size();
  const std::int16_t* const lower = values[static_cast<std::size_t>(channel)].data() + row.lower * x.size();
  const auto node = [&](std::size_t i) { return upper[i] * 256 + (lower[i] - upper[i]) * row.part; };
  std::size_t segment = 0;  // the first node after the point
  std::int32_t left = node(0), slope = 0;
  for (const int px : at) {
    if (segment < x.size() && x[segment] <= px) {
      while (segment < x.size() && x[segment] <= px) ++segment;
      left = node(segment - 1);
      slope = segment < x.size() ? (node(segment) - left) / (x[segment] - x[segment - 1]) : 0;
    }
    const int offset = segment > 0 ? px - x[segment - 1] : 0;
    *out++ = static_cast<std::int16_t>((left + 128 + slope * offset) >> 8);
  }
}

}  // namespace capillaryx
#endif
