// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/dark_components.h"

namespace capillaryx {

/// Cuts off what is thin beside the rest of a region: the hair or the tail of a deep vessel that runs into a capillary,
/// or crosses it, and would be outlined and judged together with it.
/// Threads: one call at a time for an instance. Memory is used again.
class TailCutter {
 public:
  /// `rows`: pixels of a region, in reading order. Fills `left_over` with those that are near a square that lies wholly
  /// in it (a morphological opening, and 2 px round that): the square's half side is 0.35 of the region's half width,
  /// which is how deep the pixel that lies deepest inside lies. False where that is all of them.
  bool cut(std::span<const Run> rows, std::vector<Run>& left_over);

 private:
  void mark(std::span<const Run> rows);

  int left_ = 0, top_ = 0, width_ = 0;          // of a window round the region, px
  std::vector<std::uint8_t> region_, squares_;  // of the window, row by row: 1 inside
};

}  // namespace capillaryx
