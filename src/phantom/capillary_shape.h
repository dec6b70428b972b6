// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "phantom/canvas.h"

namespace capillaryx::phantom {

/// What a capillary looks like from above, about the origin, along x; px at magnification 1.
struct Shape {
  std::vector<std::vector<Knot>> vessel;  ///< what counts
  std::vector<std::vector<Knot>> tail;    ///< where it sinks into the depth: drawn, but too faint to count
};

/// Commas, hairpins, dots, rings, winding lines, pairs of dots and clusters, in the shares that real frames show.
Shape choose_shape(Random& random);

}  // namespace capillaryx::phantom
