// SPDX-License-Identifier: Apache-2.0
#include "quality/sharpness.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace capillaryx {
namespace {

constexpr std::size_t kLeastBlocks = 8;

/// Sum of squares of 16 values. Values are cut off so that no picture overflows it.
std::int32_t row_energy(const std::int16_t* values) {
  std::int32_t sum = 0;
  for (int i = 0; i < 16; ++i) {
    const std::int32_t value = std::clamp<std::int32_t>(values[i], -8191, 8191);
    sum += value * value;
  }
  return sum;
}

/// Means of what two groups of blocks have; the difference per block.
struct Contrast {
  std::int64_t high = 0, low = 0;  ///< sums
  std::size_t high_count = 0, low_count = 0;
  double difference() const {
    return static_cast<double>(high) / static_cast<double>(high_count) -
           static_cast<double>(low) / static_cast<double>(low_count);
  }
};

}  // namespace

Sharpness SharpnessMeter::measure(const Bands& bands, const FrameMask& mask) {
  blocks_.clear();
  for (int y = 0; y + kBlock <= bands.height; y += kBlock) {
    for (int x = 0; x + kBlock <= bands.width; x += kBlock) {
      Block block{.x = x, .y = y};
      bool whole = true;
      for (int r = y; r < y + kBlock && whole; ++r) {
        const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(r) * bands.width + x;
        block.fine += row_energy(bands.fine.data() + at);
        block.coarse += row_energy(bands.coarse.data() + at);
        whole = mask.masked() == 0 || std::all_of(mask.cells.begin() + at, mask.cells.begin() + at + kBlock,
                                                  [](Masked kind) { return kind == Masked::kNot; });
      }
      if (whole) blocks_.push_back(block);
    }
  }
  Sharpness sharpness;
  if (blocks_.size() < kLeastBlocks) return sharpness;
  sharpness.known = true;
  // Ties by place, so that the order does not depend on the sort.
  std::sort(blocks_.begin(), blocks_.end(), [](const Block& a, const Block& b) {
    if (a.coarse != b.coarse) return a.coarse > b.coarse;
    return a.y != b.y ? a.y < b.y : a.x < b.x;
  });
  const std::size_t quarter = blocks_.size() / 4;
  const std::size_t half = blocks_.size() / 2;
  Contrast fine{.high_count = quarter, .low_count = blocks_.size() - half};
  Contrast coarse = fine;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    if (i < quarter) {
      fine.high += blocks_[i].fine;
      coarse.high += blocks_[i].coarse;
    } else if (i >= half) {
      fine.low += blocks_[i].fine;
      coarse.low += blocks_[i].coarse;
    }
  }
  if (!(coarse.difference() > 0)) return sharpness;
  const double slope = std::max(0.0, fine.difference() / coarse.difference());
  sharpness.focus = std::sqrt(slope);
  const double noise = static_cast<double>(fine.low) / static_cast<double>(fine.low_count) -
                       slope * static_cast<double>(coarse.low) / static_cast<double>(coarse.low_count);
  std::size_t sharp = 0;
  for (std::size_t i = 0; i < half; ++i) {
    const double own = static_cast<double>(blocks_[i].fine) - std::max(0.0, noise);
    if (own >= kSharp * kSharp * static_cast<double>(blocks_[i].coarse)) ++sharp;
  }
  sharpness.sharp_share = static_cast<double>(sharp) / static_cast<double>(half);
  sharpness.motion = direction_ratio(bands);
  return sharpness;
}

/// Along each of four directions: how much of the difference between places eight cells apart the difference between
/// neighbours has. A smear flattens neighbours along it; the vessels' own direction is in both differences.
double SharpnessMeter::direction_ratio(const Bands& bands) const {
  constexpr std::array<std::array<int, 2>, 4> kDirections{{{1, 0}, {0, 1}, {1, 1}, {1, -1}}};
  constexpr int kFar = 8;
  const std::size_t quarter = blocks_.size() / 4;
  std::array<double, 4> detail{};
  for (std::size_t d = 0; d < kDirections.size(); ++d) {
    const auto [dx, dy] = kDirections[d];
    const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(dy) * bands.width + dx;
    Contrast near;
    Contrast wide;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const bool high = i < quarter;
      if (!high && i + quarter < blocks_.size()) continue;  // the quarter with least detail stands for the noise
      const Block& block = blocks_[i];
      std::int64_t near_sum = 0;
      std::int64_t wide_sum = 0;
      for (int y = std::max(block.y, kFar); y < std::min(block.y + kBlock, bands.height - kFar); ++y) {
        const std::uint16_t* row = bands.level + static_cast<std::ptrdiff_t>(y) * bands.width;
        for (int x = std::max(block.x, kFar); x < std::min(block.x + kBlock, bands.width - kFar); ++x) {
          const std::uint16_t* here = row + x;
          const int middle = 2 * here[0];
          const std::int64_t near_difference = middle - here[step] - here[-step];
          const std::int64_t wide_difference = middle - here[kFar * step] - here[-kFar * step];
          near_sum += near_difference * near_difference;
          wide_sum += wide_difference * wide_difference;
        }
      }
      (high ? near.high : near.low) += near_sum;
      (high ? wide.high : wide.low) += wide_sum;
    }
    near.high_count = near.low_count = wide.high_count = wide.low_count = quarter;
    const double whole = wide.difference();
    detail[d] = whole > 0 ? std::sqrt(std::max(0.0, near.difference() / whole)) : 0;
  }
  // Each direction against the one across it.
  double least = 1;
  for (const auto& [a, b] : {std::pair{detail[0], detail[1]}, std::pair{detail[2], detail[3]}}) {
    if (std::max(a, b) > 0) least = std::min(least, std::min(a, b) / std::max(a, b));
  }
  return least;
}

}  // namespace capillaryx
