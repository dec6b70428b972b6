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

constexpr hn::CappedTag<std::int32_t, 16> kLong;
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

HWY_INLINE std::int16_t pixel(std::int32_t value, std::int32_t slope, std::int32_t offset) {
  return static_cast<std::int16_t>((value + 128 + slope * offset) >> 8);
}

void grid_line(const std::int16_t* upper, const std::int16_t* lower, int part, BackgroundGrid::Columns& columns,
               std::int16_t* out) {
  set_nodes(upper, lower, part, columns.gaps.data(), columns.nodes, columns.value.data(), columns.slope.data());
  const std::int32_t *const node = columns.node.data(), *const offset = columns.offset.data();
  const std::int32_t *const value = columns.value.data(), *const slope = columns.slope.data();
  const int lanes = static_cast<int>(hn::Lanes(kLong));
  int i = 0;
  for (; i + lanes <= columns.count; i += lanes) {
    const std::int32_t first = node[i];
    if (node[i + lanes - 1] - first >= lanes) {  // nodes closer together than the pixels
      for (int j = i; j < i + lanes; ++j) out[j] = pixel(value[node[j]], slope[node[j]], offset[j]);
      continue;
    }
    const auto pick = hn::IndicesFromVec(kLong, hn::Sub(hn::LoadU(kLong, node + i), hn::Set(kLong, first)));
    const auto rise =
        hn::Mul(hn::TableLookupLanes(hn::LoadU(kLong, slope + first), pick), hn::LoadU(kLong, offset + i));
    const auto start = hn::Add(hn::TableLookupLanes(hn::LoadU(kLong, value + first), pick), hn::Set(kLong, 128));
    hn::StoreU(hn::DemoteTo(kShort, hn::ShiftRight<8>(hn::Add(start, rise))), kShort, out + i);
  }
  for (; i < columns.count; ++i) out[i] = pixel(value[node[i]], slope[node[i]], offset[i]);
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(grid_line);

constexpr int kRoom = 16;  // for a whole vector behind the last node; a vector has at most as many lanes

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

template <class PlaceOf>
void BackgroundGrid::set_pixels(int count, PlaceOf&& place_of, Columns& columns) const {
  const int all = static_cast<int>(x.size());
  int after =
      static_cast<int>(std::upper_bound(x.begin(), x.end(), place_of(0)) - x.begin());  // the node after a pixel
  columns.count = count;
  columns.first = std::max(0, after - 1);
  columns.node.resize(static_cast<std::size_t>(count));
  columns.offset.resize(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const int px = place_of(i);
    while (after < all && x[static_cast<std::size_t>(after)] <= px) ++after;
    const int node = std::max(0, after - 1);
    const bool between = after > 0 && after < all;
    columns.node[static_cast<std::size_t>(i)] = node - columns.first;
    columns.offset[static_cast<std::size_t>(i)] = between ? px - x[static_cast<std::size_t>(node)] : 0;
  }
  const int last = std::min(all - 1, after);  // the node after the last pixel, or the last of all
  columns.nodes = last - columns.first + 1;
  columns.value.resize(static_cast<std::size_t>(columns.nodes + kRoom));
  columns.slope.assign(static_cast<std::size_t>(columns.nodes + kRoom), 0);
  columns.gaps.assign(static_cast<std::size_t>(columns.nodes + kRoom), 1.0F);
  for (int i = 0; i + 1 < columns.nodes; ++i) {
    const auto node = static_cast<std::size_t>(columns.first + i);
    columns.gaps[static_cast<std::size_t>(i)] = static_cast<float>(x[node + 1] - x[node]);
  }
}

void BackgroundGrid::set_columns(int start, int step, int count, Columns& columns) const {
  set_pixels(
      count, [=](int i) { return start + step * i; }, columns);
}

void BackgroundGrid::set_columns(const std::vector<int>& at, Columns& columns) const {
  set_pixels(
      static_cast<int>(at.size()), [&](int i) { return at[static_cast<std::size_t>(i)]; }, columns);
}

void BackgroundGrid::line(int channel, const Row& row, Columns& columns, std::int16_t* out) const {
  const std::int16_t* const nodes = values[static_cast<std::size_t>(channel)].data() + columns.first;
  HWY_DYNAMIC_DISPATCH(grid_line)(nodes + row.upper * x.size(), nodes + row.lower * x.size(), row.part, columns, out);
}

}  // namespace capillaryx
#endif
