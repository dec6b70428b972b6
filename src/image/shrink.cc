// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "image/image.h"

namespace capillaryx {

Thumbnail shrink(const PixelView& pixels, int max_side_px) {
  const int side = std::max(pixels.width, pixels.height);
  const int limit = std::max(max_side_px, 1);
  const int factor = side / limit + (side % limit != 0 ? 1 : 0);
  Thumbnail small;
  small.channels = pixels.channels;
  small.width = (pixels.width + factor - 1) / factor;
  small.height = (pixels.height + factor - 1) / factor;
  const auto channels = static_cast<std::size_t>(pixels.channels);
  small.bytes.reserve(static_cast<std::size_t>(small.width) * static_cast<std::size_t>(small.height) * channels);

  const auto row_values = static_cast<std::size_t>(pixels.width) * channels;
  std::vector<std::uint32_t> columns(row_values);
  for (int top = 0; top < pixels.height; top += factor) {
    const int rows = std::min(factor, pixels.height - top);
    std::fill(columns.begin(), columns.end(), 0U);
    for (int y = top; y < top + rows; ++y) {
      const std::uint8_t* const row = pixels.row(y);
      for (std::size_t i = 0; i < row_values; ++i) columns[i] += row[i];
    }
    for (int left = 0; left < pixels.width; left += factor) {
      const int width = std::min(factor, pixels.width - left);
      const auto area = static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(rows);
      for (std::size_t c = 0; c < channels; ++c) {
        std::uint64_t sum = area / 2;
        for (int x = left; x < left + width; ++x) sum += columns[static_cast<std::size_t>(x) * channels + c];
        // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): inside the loops rows and width are at least 1
        small.bytes.push_back(static_cast<std::uint8_t>(sum / area));
      }
    }
  }
  return small;
}

}  // namespace capillaryx
