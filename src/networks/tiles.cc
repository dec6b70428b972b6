// SPDX-License-Identifier: Apache-2.0
#include "networks/tiles.h"

#include <algorithm>

namespace capillaryx {

std::vector<TileSpan> plan_tiles(int length, int tile, int overlap, int multiple) {
  const int covered = (length + multiple - 1) / multiple * multiple;
  const int step = std::max(multiple, (tile - overlap) / multiple * multiple);
  std::vector<TileSpan> spans;
  for (int begin = 0;; begin += step) {
    const bool last = begin + tile >= covered;
    spans.push_back({last ? std::max(0, covered - tile) : begin, {}});
    if (last) break;
  }
  const float unused = static_cast<float>(overlap) / 4, fade = static_cast<float>(overlap) / 2;
  const auto ramp = [&](float inside) { return fade <= 0 ? 1.0F : std::clamp((inside - unused) / fade, 0.0F, 1.0F); };
  for (TileSpan& span : spans) {
    span.weights.assign(static_cast<std::size_t>(tile), 1.0F);
    for (int i = 0; i < tile; ++i) {
      float& weight = span.weights[static_cast<std::size_t>(i)];
      if (span.begin > 0) weight *= ramp(static_cast<float>(i) + 0.5F);
      if (span.begin + tile < covered) weight *= ramp(static_cast<float>(tile - i) - 0.5F);
    }
  }
  return spans;
}

}  // namespace capillaryx
