// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace capillaryx {

/// One tile along one side of a frame.
struct TileSpan {
  int begin = 0;               ///< px of the frame
  std::vector<float> weights;  ///< of each of its pixels when tiles are blended, 0..1
};

/// Tiles of `tile` pixels that cover `length` of them. Neighbours overlap by `overlap` or a little more; places and the
/// covered length are multiples of `multiple`, as is `tile`.
///
/// In an overlap the outer quarter of each tile is not used, as the network sees less there, and between the quarters
/// one tile fades into the other. A pixel whose surroundings of overlap / 4 are all that the network looks at has
/// therefore the value that the whole frame at once would give.
std::vector<TileSpan> plan_tiles(int length, int tile, int overlap, int multiple);

}  // namespace capillaryx
