// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/block_window.h"

namespace capillaryx {

/// Joins the components of a capillary: where it dives and comes up again, two dark places of it are parted by one that
/// is not half as dark, and both belong to its contour. Threads: one call at a time for an instance. Memory is used
/// again.
class ComponentJoiner {
 public:
  /// `mask`: 1 in the components, else 0; `region`: 1 where a way between them may lead, and in all components. Both
  /// have a byte for each block of `window`, and 0 at its border. Every component with at least a quarter of the
  /// largest one's blocks is joined to it by the shortest way of single blocks, steps along and across; what no way
  /// leads to stays.
  void join(const BlockWindow& window, const std::vector<std::uint8_t>& region, std::vector<std::uint8_t>& mask);

 private:
  struct Run {
    int begin, end;  // blocks; the next row begins where one ends
    int above;       // the first that is known to be of the same component; its own number where there is none
    int component;
  };
  int first_of(int run);
  void find_components(const std::vector<std::uint8_t>& mask, int width);
  bool join_next(const std::vector<std::uint8_t>& region, std::vector<std::uint8_t>& mask);

  int steps_[4] = {};                   // to the neighbours of a block
  std::vector<Run> runs_;               // of the components, in reading order
  std::vector<int> component_;          // of a block: its component's number; kNone; or a way's
  std::vector<int> sizes_;              // of the components, blocks
  std::vector<int> queue_, came_from_;  // blocks
  int least_ = 0;                       // blocks that a component must have to be joined
};

}  // namespace capillaryx
