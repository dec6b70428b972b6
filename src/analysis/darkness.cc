// SPDX-License-Identifier: Apache-2.0
#include "analysis/darkness.h"

#include <algorithm>
#include <cstddef>

namespace capillaryx {
namespace {

constexpr int kSpreadStep = 3;  // the spread is taken from every 3rd value of every 3rd row

// The binomial kernel 1 4 6 4 1 has sigma 1, at half size 2 px of the frame. The values stay in 16 bits: differences
// are at most +-1020, a column's sum +-16320, after its shift +-2040, a row's sum +-32640.
void blur_column(const std::int16_t* const rows[5], int width, std::int16_t* out) {
  for (int x = 0; x < width; ++x) {
    const int sum = rows[0][x] + rows[4][x] + 4 * (rows[1][x] + rows[3][x]) + 6 * rows[2][x];
    out[x] = static_cast<std::int16_t>((sum + 4) >> 3);
  }
}

// `in` has two values more on either side.
void blur_row(const std::int16_t* in, int width, std::int16_t* out) {
  for (int x = 0; x < width; ++x) {
    const int sum = in[x - 2] + in[x + 2] + 4 * (in[x - 1] + in[x + 1]) + 6 * in[x];
    out[x] = static_cast<std::int16_t>((sum + 8) >> 4);
  }
}

float spread_of(const Darkness& darkness) {
  std::vector<std::uint32_t> histogram(256 * Darkness::kFineOne);
  std::int64_t samples = 0;
  for (int y = 0; y < darkness.height; y += kSpreadStep) {
    const std::int16_t* row = darkness.smooth.data() + static_cast<std::ptrdiff_t>(y) * darkness.width;
    for (int x = 0; x < darkness.width; x += kSpreadStep) {
      const int d = row[x] < 0 ? -row[x] : row[x];
      ++histogram[static_cast<std::size_t>(std::min(d, 256 * Darkness::kFineOne - 1))];
      ++samples;
    }
  }
  std::int64_t below = 0;
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
  const int vessel = vessel_channel(reduced.channels);
  for (int y = 0; y < height; ++y) {
    std::int16_t* behind = darkness.behind.data() + static_cast<std::ptrdiff_t>(y) * width;
    std::int16_t* difference = darkness.difference.data() + static_cast<std::ptrdiff_t>(y) * width;
    background.reduced_row(vessel, y, behind);
    const std::int16_t* value = reduced.row(vessel, y);
    constexpr int kShrink = Background::kOne / Darkness::kCoarseOne;
    for (int x = 0; x < width; ++x) {
      difference[x] = static_cast<std::int16_t>((behind[x] + kShrink / 2) / kShrink - value[x]);
    }
  }
  std::vector<std::int16_t> line(static_cast<std::size_t>(width) + 4);
  for (int y = 0; y < height; ++y) {
    const std::int16_t* rows[5];
    for (int i = 0; i < 5; ++i) {
      rows[i] = darkness.difference.data() + static_cast<std::ptrdiff_t>(std::clamp(y + i - 2, 0, height - 1)) * width;
    }
    std::int16_t* in = line.data() + 2;
    blur_column(rows, width, in);
    in[-2] = in[-1] = in[0];
    in[width] = in[width + 1] = in[width - 1];
    blur_row(in, width, darkness.smooth.data() + static_cast<std::ptrdiff_t>(y) * width);
  }
  darkness.spread = spread_of(darkness);
}

}  // namespace capillaryx
