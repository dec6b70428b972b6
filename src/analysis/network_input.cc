// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_input.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/network_input.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Plain loops: compiled for every instruction set, they become its vectors.
HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Weights add up to 2^10. What is summed along the first axis loses 5 bits, so that sums of 16-bit values along the
// second stay below 2^31.
constexpr int kDropBits = 5;

// The channels of a column or cell and how far it belongs to the region lie side by side: a vector of any instruction
// set.
constexpr int kLanes = 4;

// One row of cells, whose columns are not cells yet. At least kValues columns; the last ones may be done twice.
// `members` may be null: then nothing belongs to the region.
template <int kValues>
HWY_INLINE void sum_down_by(const std::int16_t* const* rows, std::ptrdiff_t row_step, const std::int16_t* members,
                            std::ptrdiff_t members_step, const std::int32_t* weights, int taps, int count,
                            std::int32_t* out) {
  constexpr hn::CappedTag<std::int32_t, kValues> kLong;
  constexpr hn::Rebind<std::int16_t, decltype(kLong)> kShort;
  const int lanes = static_cast<int>(hn::Lanes(kLong));
  for (int start = 0; start < count; start += lanes) {
    const int x = std::min(start, count - lanes);
    const auto sum = [&](const std::int16_t* row, std::ptrdiff_t step) HWY_ATTR {
      const std::int16_t* value = row + x;
      auto all = hn::Set(kLong, 1 << (kDropBits - 1));
      for (int k = 0; k < taps; ++k, value += step) {
        const auto here = hn::PromoteTo(kLong, hn::LoadU(kShort, value));
        all = hn::Add(all, hn::Mul(here, hn::Set(kLong, weights[k])));
      }
      return hn::ShiftRight<kDropBits>(all);
    };
    const auto belongs = members == nullptr ? hn::Zero(kLong) : sum(members, members_step);
    hn::StoreInterleaved4(sum(rows[0], row_step), sum(rows[1], row_step), sum(rows[2], row_step), belongs, kLong,
                          out + kLanes * x);
  }
}

void sum_down(const std::int16_t* const* rows, std::ptrdiff_t row_step, const std::int16_t* members,
              std::ptrdiff_t members_step, const std::int32_t* weights, int taps, int count, std::int32_t* out) {
  if (count >= 8) return sum_down_by<8>(rows, row_step, members, members_step, weights, taps, count, out);
  if (count >= 4) return sum_down_by<4>(rows, row_step, members, members_step, weights, taps, count, out);
  sum_down_by<1>(rows, row_step, members, members_step, weights, taps, count, out);
}

// The columns of one row of cells become cells. `kTaps` is 0 where it is given as `taps`.
template <int kTaps>
HWY_INLINE void sum_across_of(const std::int32_t* columns, const int* first, const std::int32_t* weights, int taps,
                              int cells, std::int32_t* out) {
  constexpr hn::CappedTag<std::int32_t, kLanes> kCell;
  if (kTaps != 0) taps = kTaps;
  for (int i = 0; i < cells; ++i, weights += taps, out += kLanes) {
    for (int c = 0; c < kLanes; c += static_cast<int>(hn::Lanes(kCell))) {
      const std::int32_t* column = columns + kLanes * first[i] + c;
      auto sum = hn::Mul(hn::LoadU(kCell, column), hn::Set(kCell, weights[0]));
      for (int k = 1; k < taps; ++k) {
        column += kLanes;
        sum = hn::Add(sum, hn::Mul(hn::LoadU(kCell, column), hn::Set(kCell, weights[k])));
      }
      hn::StoreU(sum, kCell, out + c);
    }
  }
}

void sum_across(const std::int32_t* columns, const int* first, const std::int32_t* weights, int taps, int cells,
                std::int32_t* out) {
  if (taps == 2) return sum_across_of<2>(columns, first, weights, taps, cells, out);
  if (taps == 3) return sum_across_of<3>(columns, first, weights, taps, cells, out);
  sum_across_of<0>(columns, first, weights, taps, cells, out);
}

// ln(x) of a normal x > 0, within 1e-5. Only float + - * /, so that it is the same on every machine, unlike std::log.
HWY_INLINE float logarithm(float x) {
  constexpr std::int32_t kTwoThirds = 0x3F2AAAAB;
  const auto bits = std::bit_cast<std::int32_t>(x);
  const std::int32_t exponent = (bits - kTwoThirds) >> 23;
  const float m = std::bit_cast<float>(bits - (exponent << 23));  // 2/3 .. 4/3
  const float s = (m - 1) / (m + 1), z = s * s;
  return static_cast<float>(exponent) * 0.69314718F + s * (2 + z * (0.66666667F + z * 0.4F));
}

// From a cell's sums to its optical density: ln(background / pixel), both at least one grey value.
HWY_INLINE float density(std::int32_t cell, std::int32_t behind) {
  constexpr std::int32_t kOnePixel = 4 << 15, kOneBehind = Background::kOne << 15;
  constexpr float kPixelSteps = static_cast<float>(kOneBehind) / static_cast<float>(kOnePixel);
  return logarithm(static_cast<float>(std::max(behind, kOneBehind)) /
                   (static_cast<float>(std::max(cell, kOnePixel)) * kPixelSteps));
}

void densities(const std::int32_t* cells, const std::int32_t* behind, int count, float* out) {
  for (int i = 0; i < kLanes * count; ++i) out[i] = density(cells[i], behind[i]);
}

// Darkness, redness and blueness of densities; the cells of each are `step` values from each other.
void contrast(const float* densities, float unit, float colour, int count, std::ptrdiff_t step, float* darkness,
              float* redness, float* blueness) {
  for (int i = 0; i < count; ++i) {
    const float* const red_green_blue = densities + kLanes * i;
    const float green = red_green_blue[1];
    darkness[i * step] = green * unit;
    redness[i * step] = (green - red_green_blue[0]) * colour;
    blueness[i * step] = (green - red_green_blue[2]) * colour;
  }
}

// The region's own darkness: how far cells belong to it, in 1/`whole`, times one and their optical density in `faint`.
void own_darkness(const std::int32_t* cells, const float* densities, float whole, float faint, int count,
                  std::ptrdiff_t step, float* out) {
  for (int i = 0; i < count; ++i) {
    const float part = static_cast<float>(cells[kLanes * i + 3]) / whole;
    out[i * step] = part * (1 + std::max(0.0F, densities[kLanes * i + 1]) / faint);
  }
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(sum_down);
HWY_EXPORT(sum_across);
HWY_EXPORT(densities);
HWY_EXPORT(contrast);
HWY_EXPORT(own_darkness);

constexpr int kWeightOne = 1 << 10;
constexpr int kLanes = 4;      // see above
constexpr int kPixelOne = 64;  // steps of a grey value in pixels_
constexpr std::int16_t kMember = 256;
// Of what is summed across and down: both weights, without what is dropped between.
constexpr int kSumOne = 1 << 15;

// The middle of cell i in 1/kWeightOne of a value.
std::int64_t middle(int start, int side, int i, int cells) {
  return std::int64_t{start} * kWeightOne + (2 * i + 1) * std::int64_t{side} * (kWeightOne / 2) / cells;
}

}  // namespace

// Starts again.
void NetworkInputMaker::Shares::clear(int new_taps, int new_cells) {
  taps = new_taps;
  cells = new_cells;
  first.resize(static_cast<std::size_t>(cells));
  weights.assign(static_cast<std::size_t>(taps) * static_cast<std::size_t>(cells), 0);
}

void NetworkInputMaker::Shares::set_means(int start, int side, int plane_length, int new_cells) {
  const std::int64_t width = std::max<std::int64_t>(kWeightOne, std::int64_t{side} * kWeightOne / new_cells);
  clear(static_cast<int>(std::min<std::int64_t>(plane_length, (width + kWeightOne - 1) / kWeightOne + 1)), new_cells);
  for (int i = 0; i < cells; ++i) {
    const std::int64_t begin = middle(start, side, i, cells) - width / 2, end = begin + width;
    const std::int64_t first_value = begin >> 10;
    const int from = static_cast<int>(std::clamp<std::int64_t>(first_value, 0, plane_length - taps));
    if (i == 0) origin = from;
    first[static_cast<std::size_t>(i)] = from - origin;
    int before = 0;
    for (std::int64_t value = first_value; value * kWeightOne < end; ++value) {
      const std::int64_t covered = std::min(end, (value + 1) * kWeightOne) - begin;
      const int up_to_here = static_cast<int>((covered * kWeightOne + width / 2) / width);
      const std::int64_t tap = std::clamp<std::int64_t>(value, 0, plane_length - 1) - from;
      weights[static_cast<std::size_t>(i * taps + tap)] += up_to_here - before;
      before = up_to_here;
    }
  }
  length = first.back() + taps;
}

void NetworkInputMaker::Shares::set_nodes(int start, int side, const std::vector<int>& at, int new_cells) {
  clear(2, new_cells);
  constexpr std::int64_t kPx = kWeightOne / 2;  // of the frame, where the cut is counted in values of its half
  std::size_t node = 0;
  for (int i = 0; i < cells; ++i) {
    const std::int64_t place = std::clamp(middle(start, side, i, cells), at.front() * kPx, at.back() * kPx);
    while (node + 2 < at.size() && at[node + 1] * kPx <= place) ++node;
    if (i == 0) origin = static_cast<int>(node);
    first[static_cast<std::size_t>(i)] = static_cast<int>(node) - origin;
    const std::int64_t gap = (at[node + 1] - at[node]) * kPx;
    const auto part = static_cast<std::int32_t>((place - at[node] * kPx) * kWeightOne / gap);
    weights[static_cast<std::size_t>(2 * i)] = kWeightOne - part;
    weights[static_cast<std::size_t>(2 * i + 1)] = part;
  }
  length = first.back() + taps;
}

NetworkInputMaker::NetworkInputMaker(const NetworkSpec& spec) : spec_(spec) {
  const std::size_t row = kLanes * static_cast<std::size_t>(spec.width);
  cells_.resize(row);
  behind_.resize(row);
  densities_.resize(row);
}

void NetworkInputMaker::start(const PixelView& frame, const ReducedFrame& reduced, const Background& background,
                              std::span<const Run> runs) {
  frame_ = frame;
  reduced_ = &reduced;
  background_ = &background;
  runs_ = runs;
  if (spec_.input != InputKind::kLocalContrast) return;
  const int vessel = vessel_channel(background.channels());
  unit_ = 1.0F / std::max(kLeastRobustSd, background.robust_sd(vessel) / background.level(vessel));
}

void NetworkInputMaker::fill(const Roi& roi, std::span<float> out) {
  if (spec_.input == InputKind::kLocalContrast) {
    fill_contrast(roi, out);
  } else {
    fill_pixels(roi, out);
  }
}

template <class Memory>
NetworkInputMaker::Planes NetworkInputMaker::planes_of(const std::array<Memory, 3>& planes, int channels, int width) {
  const std::size_t second = channels == 3 ? 1 : 0;
  return {{planes[0].data(), planes[second].data(), planes[2 * second].data()}, channels, width};
}

// Rows lie far apart in memory, which no hardware sees coming: those of a later row of cells are prefetched.
void NetworkInputMaker::ask_ahead(const Planes& planes, const Shares& across, const Shares& down, int cell_row) {
  constexpr int kAhead = 4, kLine = 32;  // rows of cells; values in a line of the cache
  const auto of_cell = [&down](int j) { return down.first[static_cast<std::size_t>(std::min(j, down.cells - 1))]; };
  const int from = cell_row == 0 ? 0 : of_cell(cell_row + kAhead - 1) + down.taps;
  const int to = of_cell(cell_row + kAhead) + down.taps;
  for (int y = from; y < to; ++y) {
    for (int c = 0; c < planes.channels; ++c) {
      const std::int16_t* const row = planes.row(c, down.origin + y) + across.origin;
      for (int x = 0; x < across.length; x += kLine) __builtin_prefetch(row + x);
    }
  }
}

// Of what across_ and down_ take of a plane.
NetworkInputMaker::Members NetworkInputMaker::mark_members(const Roi& roi) {
  if (spec_.channels != kRegionPlane + 1) return {};
  members_.assign(static_cast<std::size_t>(across_.length) * static_cast<std::size_t>(down_.length), 0);
  const auto region = runs_.subspan(static_cast<std::size_t>(roi.first_run), static_cast<std::size_t>(roi.run_count));
  for (const Run& run : region) {
    if (run.y % 2 != 0) continue;  // reduced pixels are squares of 2x2
    const int y = run.y / 2 - down_.origin;
    const int begin = std::max(run.x / 2 - across_.origin, 0);
    const int end = std::min((run.x + run.length) / 2 - across_.origin, across_.length);
    if (y < 0 || y >= down_.length || begin >= end) continue;
    std::fill_n(members_.data() + std::ptrdiff_t{y} * across_.length + begin, end - begin, kMember);
  }
  return {members_.data(), across_.length};
}

// One row of cells: downwards over the whole width first, as that goes in whole vectors.
void NetworkInputMaker::sum_cells(const Planes& planes, const Members& members, const Shares& across,
                                  const Shares& down, int cell_row, std::vector<std::int32_t>& out) {
  const auto j = static_cast<std::size_t>(cell_row);
  const int y = down.origin + down.first[j];
  const std::array rows{planes.row(0, y) + across.origin, planes.row(1, y) + across.origin,
                        planes.row(2, y) + across.origin};
  columns_.resize(static_cast<std::size_t>(kLanes * across.length));
  HWY_DYNAMIC_DISPATCH(sum_down)
  (rows.data(), planes.width, members.row(down.first[j]), members.width,
   down.weights.data() + j * static_cast<std::size_t>(down.taps), down.taps, across.length, columns_.data());
  HWY_DYNAMIC_DISPATCH(sum_across)
  (columns_.data(), across.first.data(), across.weights.data(), across.taps, across.cells, out.data());
}

void NetworkInputMaker::fill_contrast(const Roi& roi, std::span<float> out) {
  const int box = std::max(roi.width, roi.height) / 2;
  const int side = std::max(kSmallestCutPx / 2, box + box / 2);
  const int x0 = (roi.x + roi.width / 2) / 2 - side / 2, y0 = (roi.y + roi.height / 2) / 2 - side / 2;
  const BackgroundGrid& grid = background_->grid();
  across_.set_means(x0, side, reduced_->width, spec_.width);
  down_.set_means(y0, side, reduced_->height, spec_.height);
  nodes_across_.set_nodes(x0, side, grid.x, spec_.width);
  nodes_down_.set_nodes(y0, side, grid.y, spec_.height);
  const Planes pixels = planes_of(reduced_->planes, reduced_->channels, reduced_->width);
  const Planes nodes = planes_of(grid.values, reduced_->channels, static_cast<int>(grid.x.size()));
  const Members members = mark_members(roi);
  const auto width = static_cast<std::size_t>(spec_.width);
  const std::size_t plane_step = spec_.channels_last ? 1 : width * static_cast<std::size_t>(spec_.height);
  const std::size_t cell_step = spec_.channels_last ? static_cast<std::size_t>(spec_.channels) : 1;
  for (int j = 0; j < spec_.height; ++j) {
    ask_ahead(pixels, across_, down_, j);
    sum_cells(pixels, members, across_, down_, j, cells_);
    sum_cells(nodes, {}, nodes_across_, nodes_down_, j, behind_);
    HWY_DYNAMIC_DISPATCH(densities)(cells_.data(), behind_.data(), spec_.width, densities_.data());
    float* const first = out.data() + static_cast<std::size_t>(j) * width * cell_step;
    HWY_DYNAMIC_DISPATCH(contrast)
    (densities_.data(), unit_, unit_ * kColourGain, spec_.width, static_cast<std::ptrdiff_t>(cell_step), first,
     first + plane_step, first + 2 * plane_step);
    if (members.values == nullptr) continue;
    HWY_DYNAMIC_DISPATCH(own_darkness)
    (cells_.data(), densities_.data(), float{kMember} * kSumOne, kFaintDensity, spec_.width,
     static_cast<std::ptrdiff_t>(cell_step), first + kRegionPlane * plane_step);
  }
}

// What lies inside the frame of the cut and of the pixels next to it, which interpolation may want.
NetworkInputMaker::Planes NetworkInputMaker::cut_pixels(const Roi& roi) {
  const int box = std::max(roi.width, roi.height);
  const int side = std::max(kSmallestCutPx, box + box / 2);
  const int x0 = roi.x + roi.width / 2 - side / 2, y0 = roi.y + roi.height / 2 - side / 2;
  const int begin_x = std::max(0, x0 - 1), end_x = std::min(frame_.width, x0 + side + 1);
  const int begin_y = std::max(0, y0 - 1), end_y = std::min(frame_.height, y0 + side + 1);
  const int width = end_x - begin_x, height = end_y - begin_y;
  across_.set_means(x0 - begin_x, side, width, spec_.width);
  down_.set_means(y0 - begin_y, side, height, spec_.height);
  for (int c = 0; c < frame_.channels; ++c) {
    std::vector<std::int16_t>& plane = pixels_[static_cast<std::size_t>(c)];
    plane.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
    std::int16_t* out = plane.data();
    for (int y = begin_y; y < end_y; ++y) {
      const std::uint8_t* pixel = frame_.row(y) + std::ptrdiff_t{begin_x} * frame_.channels + c;
      for (int x = begin_x; x < end_x; ++x, pixel += frame_.channels) {
        *out++ = static_cast<std::int16_t>(*pixel * kPixelOne);
      }
    }
  }
  return planes_of(pixels_, frame_.channels, width);
}

void NetworkInputMaker::fill_pixels(const Roi& roi, std::span<float> out) {
  const Planes pixels = cut_pixels(roi);
  const auto width = static_cast<std::size_t>(spec_.width), height = static_cast<std::size_t>(spec_.height);
  const auto channels = static_cast<std::size_t>(spec_.channels);
  const std::size_t plane_step = spec_.channels_last ? 1 : width * height;
  const std::size_t cell_step = spec_.channels_last ? channels : 1;
  constexpr double kOne = 1.0 / (double{kPixelOne} * kSumOne);
  for (std::size_t j = 0; j < height; ++j) {
    sum_cells(pixels, {}, across_, down_, static_cast<int>(j), cells_);
    for (std::size_t plane = 0; plane < channels; ++plane) {
      const std::size_t source = spec_.input == InputKind::kBgr ? 2 - plane : plane;
      const double mean = static_cast<double>(spec_.mean[plane]), scale = static_cast<double>(spec_.scale[plane]);
      for (std::size_t i = 0; i < width; ++i) {
        const std::int32_t* const cell = cells_.data() + kLanes * i;
        const double value = spec_.input == InputKind::kGrey
                                 ? (299.0 * cell[0] + 587.0 * cell[1] + 114.0 * cell[2]) / 1000
                                 : cell[source];
        out[plane * plane_step + (j * width + i) * cell_step] = static_cast<float>((value * kOne - mean) / scale);
      }
    }
  }
}

}  // namespace capillaryx
#endif
