// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "phantom/canvas.h"

namespace capillaryx::phantom {

/// What a capillary looks like from above, about the origin, along x; px at magnification 1.
struct Shape {
  std::vector<std::vector<Knot>> vessel;  ///< what counts
  std::vector<std::vector<Knot>> tail;    ///< where it sinks into the depth: drawn, but too faint to count
  int out_of_focus = 0;                   ///< how many of the last curves of `vessel` are copies that stand for blur
};

/// Commas, hairpins, dots, rings, winding lines, pairs of dots and clusters, in the shares that real frames show.
Shape choose_shape(Random& random);

/// A long hairpin in focus, as those that stand side by side at the nailfold.
Shape row_hairpin(Random& random);

}  // namespace capillaryx::phantom
