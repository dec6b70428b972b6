// SPDX-License-Identifier: Apache-2.0
#include "analysis/cell_histograms.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/cell_histograms.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Plain loops: compiled for every instruction set, they become its vectors.
HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

constexpr int kFirstShift = 24, kCountShift = 48;

// What each pixel adds to a table, and where.
void pack(const std::int16_t* value, const std::int16_t* first, const std::int16_t* second, int count,
          std::uint64_t* pixels, std::uint8_t* bins) {
  for (int x = 0; x < count; ++x) {
    pixels[x] = std::uint64_t{1} << kCountShift |
                static_cast<std::uint64_t>(static_cast<std::uint16_t>(first[x])) << kFirstShift |
                static_cast<std::uint64_t>(static_cast<std::uint16_t>(second[x]));
  }
  for (int x = 0; x < count; ++x) bins[x] = static_cast<std::uint8_t>(value[x] >> CellHistograms::kBinShift);
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(pack);

constexpr int kFirstShift = 24, kCountShift = 48;  // as above
constexpr std::uint64_t kSumMask = (std::uint64_t{1} << kFirstShift) - 1;
static_assert(CellHistograms::kBins <= 256);

}  // namespace

void CellHistograms::start(const std::vector<int>& edges, CellRow& out) {
  edges_ = &edges;
  out_ = &out;
  rows_ = 0;
  out.cells = edges.size() - 1;
  int widest = 1;
  for (std::size_t i = 0; i < out.cells; ++i) widest = std::max(widest, edges[i + 1] - edges[i]);
  most_rows_ = std::clamp(kMostPixels / widest, 1, kMostRows);
  out.count.assign(kBins * out.cells, 0);
  for (auto& sums : out.sum) sums.assign(kBins * out.cells, 0);
  pixels_.resize(static_cast<std::size_t>(edges.back()) * static_cast<std::size_t>(most_rows_));
  bins_.resize(pixels_.size());
}

void CellHistograms::add(const std::int16_t* value, const std::int16_t* first, const std::int16_t* second) {
  if (rows_ == most_rows_) count();
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(rows_) * edges_->back();
  HWY_DYNAMIC_DISPATCH(pack)(value, first, second, edges_->back(), pixels_.data() + at, bins_.data() + at);
  ++rows_;
}

// Cell by cell, so that its tables stay in the cache.
void CellHistograms::count() {
  static_assert(kTables == 4);
  const std::vector<int>& edges = *edges_;
  for (std::size_t cell = 0; cell < out_->cells; ++cell) {
    for (int row = 0; row < rows_; ++row) {
      const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(row) * edges.back();
      const std::uint64_t* const pixels = pixels_.data() + start;
      const std::uint8_t* const bins = bins_.data() + start;
      const int end = edges[cell + 1];
      int x = edges[cell];
      for (; x + static_cast<int>(kTables) <= end; x += static_cast<int>(kTables)) {
        for (std::size_t t = 0; t < kTables; ++t) {
          tables_[t][bins[x + static_cast<int>(t)]] += pixels[x + static_cast<int>(t)];
        }
      }
      for (; x < end; ++x) tables_[0][bins[x]] += pixels[x];
    }
    for (std::size_t b = 0; b < kBins; ++b) {
      const std::uint64_t all = tables_[0][b] + tables_[1][b] + tables_[2][b] + tables_[3][b];
      if (all == 0) continue;
      for (auto& table : tables_) table[b] = 0;
      const std::size_t at = b * out_->cells + cell;
      out_->count[at] += static_cast<std::uint32_t>(all >> kCountShift);
      out_->sum[0][at] += static_cast<std::uint32_t>(all >> kFirstShift & kSumMask);
      out_->sum[1][at] += static_cast<std::uint32_t>(all & kSumMask);
    }
  }
  rows_ = 0;
}

}  // namespace capillaryx
#endif
