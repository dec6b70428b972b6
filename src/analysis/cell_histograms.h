// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace capillaryx {

/// What falls into one bin of a histogram: how many pixels, and the sums of their other two channels.
struct HistogramBin {
  std::uint32_t count;
  std::uint32_t sum[2];
};

/// Histograms of one channel over the cells of one row of cells, with the sums of two other channels. Memory is used
/// again.
class CellHistograms {
 public:
  static constexpr int kBinShift = 4;  ///< values of 2x2 sums (0..1020) in a bin: 16
  static constexpr std::size_t kBins = 1024 >> kBinShift;

  /// Starts a row of cells. Cell i reaches from edges[i] to edges[i + 1], at most 4096 pixels. Writes its histograms,
  /// kBins a cell, to `out`, which must stay until finish().
  void start(const std::vector<int>& edges, HistogramBin* out);

  /// Adds a row of pixels.
  void add(const std::int16_t* value, const std::int16_t* first, const std::int16_t* second);

  void finish() { unpack(); }

 private:
  void unpack();

  // A pixel is one addition: its count in the upper 16 bits, its two values in 24 bits each. Neighbours go to two
  // tables, as one addition to the same bin would wait for the one before.
  using Table = std::array<std::uint64_t, kBins>;
  static constexpr int kMostPixels = 16384;  // in a cell's tables: x 1020 are below 2^24
  std::vector<std::array<Table, 2>> packed_;
  std::vector<std::uint64_t> pixels_;  // of one row, as they are added
  std::vector<std::uint8_t> bins_;
  std::vector<int> edges_;
  HistogramBin* out_ = nullptr;
  int widest_ = 0, rows_ = 0;
};

}  // namespace capillaryx
