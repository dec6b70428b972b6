// SPDX-License-Identifier: Apache-2.0
#include "analysis/cell_histograms.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/cell_histograms.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Plain loops: compiled anew for every instruction set, they become its vectors.
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

void CellHistograms::start(const std::vector<int>& edges, HistogramBin* out) {
  edges_ = edges;
  out_ = out;
  rows_ = widest_ = 0;
  const std::size_t cells = edges.size() - 1;
  for (std::size_t i = 0; i < cells; ++i) widest_ = std::max(widest_, edges[i + 1] - edges[i]);
  packed_.resize(cells);
  std::fill_n(out, cells * kBins, HistogramBin{});
}

void CellHistograms::add(const std::int16_t* value, const std::int16_t* first, const std::int16_t* second) {
  if ((rows_ + 1) * widest_ > kMostPixels) unpack();
  ++rows_;
  pixels_.resize(static_cast<std::size_t>(edges_.back()));
  bins_.resize(static_cast<std::size_t>(edges_.back()));
  HWY_DYNAMIC_DISPATCH(pack)(value, first, second, edges_.back(), pixels_.data(), bins_.data());
  for (std::size_t cell = 0; cell < packed_.size(); ++cell) {
    const auto count = [pixels = pixels_.data(), bins = bins_.data()](int x, Table& table) {
      table[bins[x]] += pixels[x];
    };
    auto& [even, odd] = packed_[cell];
    const int end = edges_[cell + 1];
    int x = edges_[cell];
    for (; x + 2 <= end; x += 2) {
      count(x, even);
      count(x + 1, odd);
    }
    if (x < end) count(x, even);
  }
}

void CellHistograms::unpack() {
  HistogramBin* bin = out_;
  for (auto& [even, odd] : packed_) {
    for (std::size_t b = 0; b < kBins; ++b, ++bin) {
      const std::uint64_t both = even[b] + odd[b];
      if (both == 0) continue;
      bin->count += static_cast<std::uint32_t>(both >> kCountShift);
      bin->sum[0] += static_cast<std::uint32_t>(both >> kFirstShift & kSumMask);
      bin->sum[1] += static_cast<std::uint32_t>(both & kSumMask);
      even[b] = odd[b] = 0;
    }
  }
  rows_ = 0;
}

}  // namespace capillaryx
#endif
