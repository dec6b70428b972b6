// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "capillaryx/frame.h"

namespace capillaryx {

/// A frame in cells of 4 x 4 px, of the channel in which blood is darkest (green, or the only one): what quality and
/// landmarks are measured on. Every second row of a cell is read, which halves the cost and changes nothing that a
/// measure shows. Columns and rows that fill no cell are left out. Memory is used again.
struct Cells {
  static constexpr int kSide = 4;     ///< px
  static constexpr int kSamples = 8;  ///< pixels of a cell that are read
  static constexpr int kOne = 64;     ///< steps of one grey value in `level`

  int width = 0, height = 0;                     ///< cells
  std::vector<std::uint16_t> level;              ///< sum of the samples x 8: mean grey value x kOne, 0..16320
  std::vector<std::uint8_t> darkest, brightest;  ///< of the samples

  std::size_t count() const { return static_cast<std::size_t>(width) * static_cast<std::size_t>(height); }
};

/// Fills `cells`. Frames smaller than a cell have none.
void fill_cells(const PixelView& frame, Cells& cells);

}  // namespace capillaryx
