// SPDX-License-Identifier: Apache-2.0
#include "quality/landmarks.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace capillaryx {
namespace {

constexpr int kTiles = 8;           // along each side of the frame
constexpr int kPerTile = 4;         // landmarks at most
constexpr int kLeastStrength = 64;  // steps of Cells::kOne: one grey value

/// Where the parabola through three values at -1, 0, 1 has its extreme, in 1/64, within half a step.
int vertex(int before, int here, int after) {
  const int bend = 2 * here - before - after;
  if (bend == 0) return 0;
  return std::clamp(32 * (after - before) / bend, -32, 32);
}

}  // namespace

void LandmarkFinder::find(const Bands& bands, const FrameMask& mask, std::vector<int>& landmarks) {
  landmarks.clear();
  blobs_.clear();
  const int width = bands.width;
  for (int y = 2; y + 2 < bands.height; ++y) {
    const std::int16_t* row = bands.middle.data() + static_cast<std::ptrdiff_t>(y) * width;
    for (int x = 2; x + 2 < width; ++x) {
      const std::int16_t* here = row + x;
      const int value = *here;
      if (value < kLeastStrength && value > -kLeastStrength) continue;
      const int sign = value < 0 ? -1 : 1;
      const int strength = sign * value;
      // The first of equal neighbours counts.
      const auto below = [&](std::ptrdiff_t offset) { return sign * here[offset] < strength; };
      const auto at_most = [&](std::ptrdiff_t offset) { return sign * here[offset] <= strength; };
      if (!below(-1) || !at_most(1) || !below(-width) || !at_most(width) || !below(-width - 1) || !below(-width + 1) ||
          !at_most(width - 1) || !at_most(width + 1)) {
        continue;
      }
      if (mask.cells[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)] !=
          Masked::kNot)
        continue;
      // A cell's middle is 2 px from its left edge; of its rows the first and the third are read.
      const int px = 64 * x + 32 + vertex(here[-1], value, here[1]);
      const int py = 64 * y + 24 + vertex(here[-width], value, here[width]);
      const int tile = y * kTiles / bands.height * kTiles + x * kTiles / width;
      blobs_.push_back({px, py, strength, value < 0 ? 1 : 0, tile});
    }
  }
  std::sort(blobs_.begin(), blobs_.end(), [](const Blob& a, const Blob& b) {
    if (a.strength != b.strength) return a.strength > b.strength;
    return a.y != b.y ? a.y < b.y : a.x < b.x;
  });
  in_tile_.assign(kTiles * kTiles, 0);
  for (const Blob& blob : blobs_) {
    if (landmarks.size() >= 3 * std::size_t{kMostLandmarks}) break;
    if (in_tile_[static_cast<std::size_t>(blob.tile)]++ >= kPerTile) continue;
    const int strength = std::clamp(blob.strength * 8 / Cells::kOne, 1, 1023);
    landmarks.insert(landmarks.end(), {blob.x, blob.y, 2 * strength + blob.bright});
  }
}

}  // namespace capillaryx
