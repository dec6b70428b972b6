// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "quality/bands.h"
#include "quality/mask.h"

namespace capillaryx {

/// Steps of one pixel in the coordinates of landmarks.
constexpr int kLandmarkOne = 16;
constexpr int kMostLandmarks = 96;

/// What a clip's registration needs of one frame: the strongest dark and bright blobs of about a capillary's width, as
/// x, y, w, x, y, w, ...: places in 1/kLandmarkOne px, and weights 2 s + b, s being the strength (grey values x 8,
/// 1 .. 1023) and b 1 for bright ones. Spread over the frame: at most a few in each part of it.
class LandmarkFinder {
 public:
  void find(const Bands& bands, const FrameMask& mask, std::vector<int>& landmarks);

 private:
  struct Blob {
    int x, y, strength, bright, tile;
  };
  std::vector<Blob> blobs_;
  std::vector<int> in_tile_;
};

}  // namespace capillaryx
