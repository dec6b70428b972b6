// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "quality/cells.h"

namespace capillaryx {

/// The levels of a frame's cells in bands of detail, by binomial filters: `fine` (about 8 px from crest to crest),
/// `middle` (about 20 px: limbs of capillaries and the gaps between them) and `coarse` (about 40 px). Steps of
/// 1/Cells::kOne grey values, dark is positive. Memory is used again.
struct Bands {
  int width = 0, height = 0;  ///< cells
  std::vector<std::int16_t> fine, middle, coarse;
  std::vector<std::uint16_t> smooth;     ///< what `middle` is relative to
  const std::uint16_t* level = nullptr;  ///< of the cells themselves, which must outlive this

  std::vector<std::uint16_t> once, smoothest, scratch;  ///< scratch
};
void split_bands(const Cells& cells, Bands& bands);

}  // namespace capillaryx
