// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/aligned_vector.h"

namespace capillaryx {

/// Histograms of the cells of one row of cells: of every bin how many pixels fall into it, and the sums of two other
/// values of theirs. Cell c's bin b is at b * cells + c.
struct CellRow {
  std::size_t cells = 0;
  std::vector<std::uint32_t> count;
  std::array<std::vector<std::uint32_t>, 2> sum;
};

/// Histograms of one channel over the cells of one row of cells, with the sums of two other channels. Memory is used
/// again.
class CellHistograms {
 public:
  static constexpr int kBinShift = 4;  ///< values of 2x2 sums (0..1020) in a bin: 16
  static constexpr std::size_t kBins = 1024 >> kBinShift;

  /// Starts a row of cells. Cell i reaches from edges[i] to edges[i + 1], at most 4096 pixels. `edges` and `out` must
  /// stay until finish().
  void start(const std::vector<int>& edges, CellRow& out);

  /// Adds a row of pixels.
  void add(const std::int16_t* value, const std::int16_t* first, const std::int16_t* second);

  void finish() { count(); }

 private:
  void count();

  // A pixel is one addition: its count in the upper 16 bits, its two values in 24 bits each. Neighbours go to several
  // tables, as one addition to the same bin would wait for the one before.
  static constexpr std::size_t kTables = 4;
  static constexpr int kMostPixels = 16384;  // in a cell's tables: x 1020 are below 2^24
  static constexpr int kMostRows = 16;       // that wait, so that they stay in the cache
  std::array<std::array<std::uint64_t, kBins>, kTables> tables_{};
  AlignedVector<std::uint64_t> pixels_;  // of the rows that wait, as they are added
  AlignedVector<std::uint8_t> bins_;
  const std::vector<int>* edges_ = nullptr;
  CellRow* out_ = nullptr;
  int rows_ = 0, most_rows_ = 1;
};

}  // namespace capillaryx
