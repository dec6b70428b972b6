// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/aligned_vector.h"

namespace capillaryx {

/// Values of up to three channels at the crossings of columns and rows, linear in between, the nearest node's value
/// beyond the outermost. Values are 0..4080. Whole numbers: the same on every machine.
struct BackgroundGrid {
  std::vector<int> x, y;                            ///< places of the nodes, px, rising
  std::array<std::vector<std::int16_t>, 3> values;  ///< y.size() rows of x.size(), a channel

  /// Between which rows of nodes a row of pixels lies.
  struct Row {
    std::size_t upper = 0, lower = 0;  ///< rows of nodes
    int part = 0;                      ///< how far from the upper to the lower, 1/256
  };
  Row row_at(int row) const;

  /// Pixels of any row: worked out once for many rows. Memory is used again; one thread at a time.
  struct Columns {
    int count = 0;
    int first = 0, nodes = 0;            // the nodes that are needed
    AlignedVector<std::int32_t> node;    // of a pixel: the one before it, counted from `first`
    AlignedVector<std::int32_t> offset;  // px from that node; 0 beyond the outermost nodes
    std::vector<float> gaps;             // px from each node to the next
    std::vector<std::int32_t> value, slope;
  };

  /// The pixels start, start + step, ..., `count` of them.
  void set_columns(int start, int step, int count, Columns& columns) const;

  /// The pixels at the places `at`, which rise.
  void set_columns(const std::vector<int>& at, Columns& columns) const;

  /// Values of those pixels of a row, into `out`.
  void line(int channel, const Row& row, Columns& columns, std::int16_t* out) const;

 private:
  template <class PlaceOf>
  void set_pixels(int count, PlaceOf&& place_of, Columns& columns) const;
};

}  // namespace capillaryx
