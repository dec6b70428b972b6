// SPDX-License-Identifier: Apache-2.0
#include "quality/bands.h"

#include <algorithm>

namespace capillaryx {
namespace {

/// out = in blurred with [1 2 1] / 4 along both axes; the border is repeated. `rows` is scratch. All have `width` x
/// `height` values of at most 16383; `in` and `out` may be the same.
void blur_once(const std::uint16_t* in, int width, int height, std::uint16_t* rows, std::uint16_t* out) {
  for (int y = 0; y < height; ++y) {
    const std::uint16_t* row = in + static_cast<std::ptrdiff_t>(y) * width;
    std::uint16_t* to = rows + static_cast<std::ptrdiff_t>(y) * width;
    to[0] = static_cast<std::uint16_t>((3 * row[0] + row[std::min(1, width - 1)] + 2) >> 2);
    for (int x = 1; x + 1 < width; ++x) {
      to[x] = static_cast<std::uint16_t>(static_cast<std::uint16_t>(row[x - 1] + 2 * row[x] + row[x + 1] + 2) >> 2);
    }
    if (width > 1) to[width - 1] = static_cast<std::uint16_t>((row[width - 2] + 3 * row[width - 1] + 2) >> 2);
  }
  for (int y = 0; y < height; ++y) {
    const std::uint16_t* here = rows + static_cast<std::ptrdiff_t>(y) * width;
    const std::uint16_t* above = y > 0 ? here - width : here;
    const std::uint16_t* below = y + 1 < height ? here + width : here;
    std::uint16_t* to = out + static_cast<std::ptrdiff_t>(y) * width;
    for (int x = 0; x < width; ++x) {
      to[x] = static_cast<std::uint16_t>(static_cast<std::uint16_t>(above[x] + 2 * here[x] + below[x] + 2) >> 2);
    }
  }
}

void subtract(const std::vector<std::uint16_t>& from, const std::vector<std::uint16_t>& what,
              std::vector<std::int16_t>& out) {
  out.resize(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) out[i] = static_cast<std::int16_t>(from[i] - what[i]);
}

}  // namespace

void split_bands(const Cells& cells, Bands& bands) {
  bands.width = cells.width;
  bands.height = cells.height;
  bands.level = cells.level.data();
  const std::size_t count = cells.count();
  bands.scratch.resize(count);
  bands.once.resize(count);
  bands.smooth.resize(count);
  bands.smoothest.resize(count);
  if (count == 0) return;
  const auto blur = [&](const std::vector<std::uint16_t>& in, std::vector<std::uint16_t>& out) {
    blur_once(in.data(), cells.width, cells.height, bands.scratch.data(), out.data());
  };
  blur(cells.level, bands.once);
  subtract(bands.once, cells.level, bands.fine);
  blur(bands.once, bands.smooth);
  blur(bands.smooth, bands.smooth);
  subtract(bands.smooth, bands.once, bands.middle);
  blur(bands.smooth, bands.smoothest);
  for (int i = 0; i < 3; ++i) blur(bands.smoothest, bands.smoothest);
  subtract(bands.smoothest, bands.smooth, bands.coarse);
}

}  // namespace capillaryx
