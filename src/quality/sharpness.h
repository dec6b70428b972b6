// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "quality/bands.h"
#include "quality/mask.h"

namespace capillaryx {

/// How much fine detail a frame has for its coarse detail: a blur takes the finer first, whatever the contrast is and
/// however many vessels there are. Measured in blocks of 64 x 64 px as a slope: what the quarter of blocks with most
/// coarse detail has more than the half with least. Noise, which all blocks have, falls out.
struct Sharpness {
  bool known = false;      ///< false: too few blocks of tissue
  double focus = 0;        ///< root of the slope of fine over coarse energy
  double sharp_share = 0;  ///< of the half of blocks with most coarse detail, those whose own ratio is at least kSharp
  double motion = 1;       ///< detail along the direction that has least of it, over that across: 1 even, 0 smeared
};

/// The focus from which a block counts as sharp.
constexpr double kSharp = 0.43;

/// Threads: one call at a time for an instance. Memory is used again.
class SharpnessMeter {
 public:
  Sharpness measure(const Bands& bands, const FrameMask& mask);

 private:
  static constexpr int kBlock = 16;  ///< cells
  struct Block {
    int x = 0, y = 0;  ///< first cell
    std::int64_t fine = 0, coarse = 0;
  };
  double direction_ratio(const Bands& bands) const;
  std::vector<Block> blocks_;  // the one with most coarse detail first
};

}  // namespace capillaryx
