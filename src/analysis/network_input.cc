// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_input.h"

#include <algorithm>
#include <cstddef>

#include "analysis/logarithms.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/network_input.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Plain loops: compiled anew for every instruction set, they become its vectors.
HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

void first_row(const std::int16_t* row, int weight, int width, std::int32_t* sums) {
  for (int x = 0; x < width; ++x) sums[x] = row[x] * weight;
}

void add_row(const std::int16_t* row, int weight, int width, std::int32_t* sums) {
  for (int x = 0; x < width; ++x) sums[x] += row[x] * weight;
}

// Darkness and the two differences of colour.
void contrast(const double* red, const double* green, const double* blue, double unit, double colour, int count,
              float* darkness, float* redness, float* blueness) {
  for (int i = 0; i < count; ++i) {
    darkness[i] = static_cast<float>(green[i] * unit);
    redness[i] = static_cast<float>((green[i] - red[i]) * colour);
    blueness[i] = static_cast<float>((green[i] - blue[i]) * colour);
  }
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(first_row);
HWY_EXPORT(add_row);
HWY_EXPORT(contrast);

constexpr int kLogOne = 4096;  // steps of 1 in a logarithm

// Of backgrounds, and of pixels: of whole grey values.
struct LogarithmTables {
  Logarithms of_background = make_logarithms(kLogOne);
  std::array<std::int16_t, 256> of_pixel{};
};
const LogarithmTables& logarithms() {
  static const auto kTables = [] {
    LogarithmTables logs;
    for (std::size_t i = 0; i < 256; ++i) logs.of_pixel[i] = logs.of_background[i * Background::kOne];
    return logs;
  }();
  return kTables;
}

}  // namespace

void NetworkInputMaker::Shares::set(int new_pixels, int new_cells) {
  if (pixels == new_pixels && cells == new_cells) return;
  pixels = new_pixels;
  cells = new_cells;
  first.clear();
  count.clear();
  weights.clear();
  if (pixels >= cells) {
    // In units of 1/cells px, pixel p covers [p cells, (p + 1) cells) and cell i covers [i pixels, (i + 1) pixels).
    sum = pixels;
    for (int i = 0; i < cells; ++i) {
      const int begin = i * pixels, end = (i + 1) * pixels;
      const int first_pixel = begin / cells, last_pixel = (end - 1) / cells;
      first.push_back(first_pixel);
      count.push_back(last_pixel - first_pixel + 1);
      for (int p = first_pixel; p <= last_pixel; ++p) {
        weights.push_back(std::min(end, (p + 1) * cells) - std::max(begin, p * cells));
      }
    }
    return;
  }
  // The middle of cell i lies ((2 i + 1) pixels - cells) / (2 cells) px after the middle of pixel 0.
  sum = 2 * cells;
  for (int i = 0; i < cells; ++i) {
    const int place = std::clamp((2 * i + 1) * pixels - cells, 0, 2 * cells * (pixels - 1));
    const int pixel = std::min(place / sum, std::max(0, pixels - 2));
    const int part = place - pixel * sum;
    first.push_back(pixel);
    count.push_back(pixels == 1 ? 1 : 2);
    weights.push_back(sum - part);
    if (pixels > 1) weights.push_back(part);
  }
}

NetworkInputMaker::NetworkInputMaker(const NetworkSpec& spec) : spec_(spec) {
  const auto cells = static_cast<std::size_t>(spec.width) * static_cast<std::size_t>(spec.height);
  for (std::size_t c = 0; c < 3; ++c) {
    cells_[c].resize(cells);
  }
}

// Rows first_y .. last_y of the frame from x0 on into cut_, one after the other.
void NetworkInputMaker::read_rows(const PixelView& frame, const Background& background, int x0, int first_y,
                                  int last_y) {
  const int side = across_.pixels;
  const int begin = std::max(0, x0), end = std::min(frame.width, x0 + side);  // holds the region's middle
  const int count = end - begin;
  const LogarithmTables& logs = logarithms();
  background.grid().set_columns(begin, 1, count, columns_at_);
  for (int y = first_y; y <= last_y; ++y) {
    const BackgroundGrid::Row grid_row = background.grid().row_at(y);
    for (int c = 0; c < frame.channels; ++c) {
      const auto channel = static_cast<std::size_t>(c);
      std::int16_t* const row = cut_[channel].data() + static_cast<std::ptrdiff_t>(y - first_y) * side;
      const std::uint8_t* const value = frame.row(y) + static_cast<std::ptrdiff_t>(begin) * frame.channels + c;
      std::int16_t* const out = row + (begin - x0);
      const auto pixel = [&](int i) { return static_cast<std::size_t>(value[std::ptrdiff_t{i} * frame.channels]); };
      if (spec_.input == InputKind::kLocalContrast) {
        std::int16_t* const behind = behind_[channel].data();
        background.grid().line(c, grid_row, columns_at_, behind);
        for (int i = 0; i < count; ++i) {
          out[i] = static_cast<std::int16_t>(logs.of_background[static_cast<std::size_t>(behind[i])] -
                                             logs.of_pixel[pixel(i)]);
        }
      } else {
        for (int i = 0; i < count; ++i) out[i] = static_cast<std::int16_t>(pixel(i));
      }
      std::fill(row, out, out[0]);
      std::fill(out + count, row + side, out[count - 1]);
    }
  }
}

// From cut_ to cells_: each row of cells is summed downwards over the whole width, then across.
void NetworkInputMaker::resample(int channels, int y0, int first_y, int last_y) {
  const int side = across_.pixels;
  const auto width = static_cast<std::size_t>(spec_.width);
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    const int* weight_down = down_.weights.data();
    double* cell = cells_[c].data();
    for (std::size_t j = 0; j < static_cast<std::size_t>(spec_.height); ++j) {
      for (int k = 0; k < down_.count[j]; ++k) {
        const int y = std::clamp(y0 + down_.first[j] + k, first_y, last_y) - first_y;
        const std::int16_t* const row = cut_[c].data() + static_cast<std::ptrdiff_t>(y) * side;
        if (k == 0) {
          HWY_DYNAMIC_DISPATCH(first_row)(row, *weight_down++, side, columns_.data());
        } else {
          HWY_DYNAMIC_DISPATCH(add_row)(row, *weight_down++, side, columns_.data());
        }
      }
      const int* weight = across_.weights.data();
      for (std::size_t i = 0; i < width; ++i) {
        const std::int32_t* const value = columns_.data() + across_.first[i];
        std::int64_t sum = 0;
        for (int k = 0; k < across_.count[i]; ++k) sum += static_cast<std::int64_t>(*weight++) * value[k];
        *cell++ = static_cast<double>(sum);
      }
    }
  }
}

void NetworkInputMaker::fill(const PixelView& frame, const Background& background, const Roi& roi,
                             std::span<float> out) {
  const int box = std::max(roi.width, roi.height);
  const int side = std::max(kSmallestCutPx, box + box / 2);
  const int x0 = roi.x + roi.width / 2 - side / 2, y0 = roi.y + roi.height / 2 - side / 2;
  across_.set(side, spec_.width);
  down_.set(side, spec_.height);
  const auto length = static_cast<std::size_t>(side);
  const auto planes = static_cast<std::size_t>(frame.channels);
  columns_.resize(length);
  for (std::size_t c = 0; c < planes; ++c) {
    behind_[c].resize(length);
    cut_[c].resize(length * length);
  }
  const int first_y = std::max(0, y0), last_y = std::min(frame.height, y0 + side) - 1;
  read_rows(frame, background, x0, first_y, last_y);
  resample(frame.channels, y0, first_y, last_y);
  for (std::size_t c = planes; c < 3; ++c) std::copy(cells_[0].begin(), cells_[0].end(), cells_[c].begin());
  store(background, out);
}

void NetworkInputMaker::store(const Background& background, std::span<float> out) const {
  const auto cells = static_cast<std::size_t>(spec_.width) * static_cast<std::size_t>(spec_.height);
  const auto channels = static_cast<std::size_t>(spec_.channels);
  const std::size_t plane_step = spec_.channels_last ? 1 : cells, cell_step = spec_.channels_last ? channels : 1;
  const double one = 1.0 / (static_cast<double>(across_.sum) * down_.sum);
  const auto put = [&](std::size_t plane, std::size_t cell, double value) {
    out[plane * plane_step + cell * cell_step] = static_cast<float>(value);
  };
  if (spec_.input == InputKind::kLocalContrast) {
    const int vessel = vessel_channel(background.channels());
    const double spread =
        std::max(static_cast<double>(kLeastSpread),
                 static_cast<double>(background.spread(vessel)) / static_cast<double>(background.level(vessel)));
    const double unit = one / (kLogOne * spread), colour = unit * static_cast<double>(kColourGain);
    const double* const red = cells_[0].data();
    const double* const green = cells_[1].data();
    const double* const blue = cells_[2].data();
    if (!spec_.channels_last) {
      HWY_DYNAMIC_DISPATCH(contrast)
      (red, green, blue, unit, colour, static_cast<int>(cells), out.data(), out.data() + cells, out.data() + 2 * cells);
      return;
    }
    for (std::size_t i = 0; i < cells; ++i) {
      put(0, i, green[i] * unit);
      put(1, i, (green[i] - red[i]) * colour);
      put(2, i, (green[i] - blue[i]) * colour);
    }
    return;
  }
  for (std::size_t plane = 0; plane < channels; ++plane) {
    const std::size_t source = spec_.input == InputKind::kBgr ? 2 - plane : plane;
    const double mean = static_cast<double>(spec_.mean[plane]), scale = static_cast<double>(spec_.scale[plane]);
    for (std::size_t i = 0; i < cells; ++i) {
      const auto value = spec_.input == InputKind::kGrey
                             ? (299 * cells_[0][i] + 587 * cells_[1][i] + 114 * cells_[2][i]) / 1000
                             : cells_[source][i];
      put(plane, i, (value * one - mean) / scale);
    }
  }
}

}  // namespace capillaryx
#endif
