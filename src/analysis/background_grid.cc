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

constexpr hn::CappedTag<std::int32_t, 8> kLong;  // half of the pixels between two nodes
constexpr hn::Rebind<std::int16_t, decltype(kLong)> kShort;
constexpr hn::Rebind<float, decltype(kLong)> kFloat;

// Values at `nodes` nodes in 1/256 of a step, and the slopes from each to the next.
HWY_INLINE void set_nodes(const std::int16_t* upper, const std::int16_t* lower, int part, const float* gaps, int nodes,
                          std::int32_t* value, std::int32_t* slope) {
  const int lanes = static_cast<int>(hn::Lanes(kLong));
  int i = 0;
  for (; i + lanes <= nodes; i += lanes) {
    const auto from = hn::PromoteTo(kLong, hn::LoadU(kShort, upper + i));
    const auto to = hn::PromoteTo(kLong, hn::LoadU(kShort, lower + i));
    hn::StoreU(hn::Add(hn::ShiftLeft<8>(from), hn::Mul(hn::Sub(to, from), hn::Set(kLong, part))), kLong, value + i);
  }
  for (; i < nodes; ++i) value[i] = upper[i] * 256 + (lower[i] - upper[i]) * part;
  // Below 2^24 a quotient of floats, cut off, is that of the whole numbers. There is room for a whole vector.
  for (i = 0; i + 1 < nodes; i += lanes) {
    const auto rise = hn::Sub(hn::LoadU(kLong, value + i + 1), hn::LoadU(kLong, value + i));
    const auto quotient = hn::Div(hn::ConvertTo(kFloat, rise), hn::LoadU(kFloat, gaps + i));
    hn::StoreU(hn::ConvertTo(kLong, quotient), kLong, slope + i);
  }
}

void grid_line(const std::int16_t* upper, const std::int16_t* lower, int part, BackgroundGrid::Columns& columns,
               std::int16_t* out) {
  set_nodes(upper, lower, part, columns.gaps.data(), columns.nodes, columns.value.data(), columns.slope.data());
  const int lanes = static_cast<int>(hn::Lanes(kLong));
  const auto places = hn::Iota(kLong, 0);
  std::int16_t* const end = out + columns.count;
  for (const auto& segment : columns.segments) {
    const std::int32_t slope = columns.slope[static_cast<std::size_t>(segment.node)];
    const std::int32_t start = columns.value[static_cast<std::size_t>(segment.node)] + 128 + slope * segment.offset;
    const std::int32_t step = slope * segment.step;
    auto values = hn::Add(hn::Set(kLong, start), hn::Mul(hn::Set(kLong, step), places));
    const auto next = hn::Set(kLong, step * lanes);
    int i = 0;
    // What is written beyond a segment, the next one puts right.
    for (; i < segment.count && end - out >= i + lanes; i += lanes) {
      hn::StoreU(hn::DemoteTo(kShort, hn::ShiftRight<8>(values)), kShort, out + i);
      values = hn::Add(values, next);
    }
    for (; i < segment.count; ++i) out[i] = static_cast<std::int16_t>((start + step * i) >> 8);
    out += segment.count;
  }
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(grid_line);

constexpr int kRoom = 16;  // for a whole vector behind the last node

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

void BackgroundGrid::set_columns(int start, int step, int count, Columns& columns) const {
  const int all = static_cast<int>(x.size()), end = start + step * count;
  int after = static_cast<int>(std::upper_bound(x.begin(), x.end(), start) - x.begin());  // the node after a pixel
  columns.count = count;
  columns.first = std::max(0, after - 1);
  columns.segments.clear();
  for (int px = start; px < end; ++after) {
    const bool between = after > 0 && after < all;
    const int stop = after < all ? std::min(end, x[static_cast<std::size_t>(after)]) : end;
    const int node = std::max(0, after - 1);
    const int values = (stop - px + step - 1) / step;
    if (values > 0) {
      const int offset = between ? px - x[static_cast<std::size_t>(node)] : 0;
      columns.segments.push_back({node - columns.first, offset, between ? step : 0, values});
      px += values * step;
    }
  }
  const int last = std::min(all - 1, after - 1);  // the node after the last pixel, or the last of all
  columns.nodes = last - columns.first + 1;
  columns.value.resize(static_cast<std::size_t>(columns.nodes + kRoom));
  columns.slope.assign(static_cast<std::size_t>(columns.nodes + kRoom), 0);
  columns.gaps.assign(static_cast<std::size_t>(columns.nodes + kRoom), 1.0F);
  for (int i = 0; i + 1 < columns.nodes; ++i) {
    const auto node = static_cast<std::size_t>(columns.first + i);
    columns.gaps[static_cast<std::size_t>(i)] = static_cast<float>(x[node + 1] - x[node]);
  }
}

void BackgroundGrid::line(int channel, const Row& row, Columns& columns, std::int16_t* out) const {
  const std::int16_t* const nodes = values[static_cast<std::size_t>(channel)].data() + columns.first;
  HWY_DYNAMIC_DISPATCH(grid_line)(nodes + row.upper * x.size(), nodes + row.lower * x.size(), row.part, columns, out);
}

void BackgroundGrid::points(int channel, const Row& row, const std::vector<int>& at, std::int16_t* out) const {
  const std::int16_t* const upper = values[static_cast<std::size_t>(channel)].data() + row.upper * x.size();
  const std::int16_t* const lower = values[static_cast<std::size_t>(channel)].data() + row.lower * x.size();
  const auto node = [&](std::size_t i) { return upper[i] * 256 + (lower[i] - upper[i]) * row.part; };
  std::size_t after = 0;  // the first node after the point
  std::int32_t left = node(0), slope = 0;
  for (const int px : at) {
    if (after < x.size() && x[after] <= px) {
      while (after < x.size() && x[after] <= px) ++after;
      left = node(after - 1);
      slope = after < x.size() ? (node(after) - left) / (x[after] - x[after - 1]) : 0;
    }
    const int offset = after > 0 ? px - x[after - 1] : 0;
    *out++ = static_cast<std::int16_t>((left + 128 + slope * offset) >> 8);
  }
}

}  // namespace capillaryx
#endif
