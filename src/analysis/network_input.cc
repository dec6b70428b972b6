// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_input.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace capillaryx {
namespace {

constexpr int kLogOne = 4096;                      // steps of 1 in a logarithm
constexpr int kLogSteps = 256 * Background::kOne;  // backgrounds run from 0 to 255 grey values

// Logarithms of grey values in 1/kOne; what is darker than one grey value counts as one.
const std::array<std::int32_t, kLogSteps>& logarithms() {
  static const auto kTable = [] {
    std::array<std::int32_t, kLogSteps> values{};
    for (int i = 0; i < kLogSteps; ++i) {
      const double grey = std::max(1.0, static_cast<double>(i) / Background::kOne);
      values[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(std::lround(std::log(grey) * kLogOne));
    }
    return values;
  }();
  return kTable;
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
    narrow_[c].resize(static_cast<std::size_t>(spec.width));
    cells_[c].resize(cells);
  }
}

void NetworkInputMaker::read_row(const PixelView& frame, const Background& background, int x0, int y) {
  const int inside_y = std::clamp(y, 0, frame.height - 1);
  const std::uint8_t* const pixels = frame.row(inside_y);
  const int begin = std::max(0, x0), end = std::min(frame.width, x0 + across_.pixels);  // holds the region's middle
  for (int c = 0; c < frame.channels; ++c) {
    std::vector<std::int32_t>& row = row_[static_cast<std::size_t>(c)];
    const std::uint8_t* value = pixels + static_cast<std::ptrdiff_t>(begin) * frame.channels + c;
    std::int32_t* out = row.data() + (begin - x0);
    if (spec_.input == InputKind::kLocalContrast) {
      const auto& logs = logarithms();
      background.row(c, inside_y, begin, end - begin, background_row_.data());
      for (int i = 0; i < end - begin; ++i, value += frame.channels) {
        const int behind = std::clamp<int>(background_row_[static_cast<std::size_t>(i)], 0, kLogSteps - 1);
        *out++ = logs[static_cast<std::size_t>(behind)] - logs[static_cast<std::size_t>(*value) * Background::kOne];
      }
    } else {
      for (int i = begin; i < end; ++i, value += frame.channels) *out++ = *value;
    }
    std::fill(row.begin(), row.begin() + (begin - x0), row[static_cast<std::size_t>(begin - x0)]);
    std::fill(row.begin() + (end - x0), row.end(), row[static_cast<std::size_t>(end - x0 - 1)]);
  }
}

void NetworkInputMaker::fill(const PixelView& frame, const Background& background, const Roi& roi,
                             std::span<float> out) {
  const int box = std::max(roi.width, roi.height);
  const int side = std::max(kSmallestCutPx, box + box / 2);
  const int x0 = roi.x + roi.width / 2 - side / 2, y0 = roi.y + roi.height / 2 - side / 2;
  across_.set(side, spec_.width);
  down_.set(side, spec_.height);
  const auto width = static_cast<std::size_t>(spec_.width);
  background_row_.resize(static_cast<std::size_t>(side));
  const auto planes = static_cast<std::size_t>(frame.channels);
  for (std::size_t c = 0; c < planes; ++c) {
    row_[c].resize(static_cast<std::size_t>(side));
    std::fill(cells_[c].begin(), cells_[c].end(), 0);
  }
  // Cells follow each other downwards, and at most two share a pixel row or, interpolated, a row is read again.
  const int* weight_down = down_.weights.data();
  int row_present = -1;
  for (int j = 0; j < spec_.height; ++j) {
    const int first = down_.first[static_cast<std::size_t>(j)], count = down_.count[static_cast<std::size_t>(j)];
    for (int y = first; y < first + count; ++y) {
      if (y != row_present) {
        read_row(frame, background, x0, y0 + y);
        row_present = y;
        for (std::size_t c = 0; c < planes; ++c) {
          const int* weight = across_.weights.data();
          for (std::size_t i = 0; i < width; ++i) {
            const std::int32_t* const value = row_[c].data() + across_.first[i];
            std::int64_t sum = 0;
            for (int k = 0; k < across_.count[i]; ++k) sum += static_cast<std::int64_t>(*weight++) * value[k];
            narrow_[c][i] = sum;
          }
        }
      }
      const std::int64_t weight = *weight_down++;
      for (std::size_t c = 0; c < planes; ++c) {
        std::int64_t* const cells = cells_[c].data() + static_cast<std::size_t>(j) * width;
        for (std::size_t i = 0; i < width; ++i) cells[i] += weight * narrow_[c][i];
      }
    }
  }
  for (std::size_t c = planes; c < 3; ++c) cells_[c] = cells_[0];
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
    for (std::size_t i = 0; i < cells; ++i) {
      const std::int64_t red = cells_[0][i], green = cells_[1][i], blue = cells_[2][i];
      put(0, i, static_cast<double>(green) * unit);
      put(1, i, static_cast<double>(green - red) * colour);
      put(2, i, static_cast<double>(green - blue) * colour);
    }
    return;
  }
  for (std::size_t plane = 0; plane < channels; ++plane) {
    const std::size_t source = spec_.input == InputKind::kBgr ? 2 - plane : plane;
    const double mean = static_cast<double>(spec_.mean[plane]), scale = static_cast<double>(spec_.scale[plane]);
    for (std::size_t i = 0; i < cells; ++i) {
      const auto value = spec_.input == InputKind::kGrey
                             ? static_cast<double>(299 * cells_[0][i] + 587 * cells_[1][i] + 114 * cells_[2][i]) / 1000
                             : static_cast<double>(cells_[source][i]);
      put(plane, i, (value * one - mean) / scale);
    }
  }
}

}  // namespace capillaryx
