// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/darkness.h"

namespace capillaryx {

/// A row of pixels: (x .. x + length - 1, y), px.
struct Run {
  int x = 0, y = 0, length = 0;
};

/// The connected dark places of a frame at half its size: pixels that touch by a side or a corner and are all at least
/// so dark. Memory is used again.
class DarkComponents {
 public:
  struct Component {
    int first_run, end_run;  ///< in runs(), row by row
    int area;                ///< its pixels
    int x0, y0, x1, y1;      ///< its box: (x0 .. x1 - 1, y0 .. y1 - 1)
  };

  /// Finds the places of what is at least `lowest` (more than 0; Darkness::smooth steps).
  void find(const Darkness& darkness, int lowest);

  /// In the order in which a reader of lines meets them.
  const std::vector<Component>& components() const { return components_; }
  /// Reduced px.
  const std::vector<Run>& runs() const { return runs_; }

 private:
  int root(int run);
  void append_runs(int y, int width);
  void join_rows(int above, int here);
  void sort_by_component();

  std::vector<std::uint64_t> bits_;  // of a row: 1 where it is dark
  std::vector<Run> found_;           // row by row
  std::vector<int> parents_;         // of found_: the first run of a place has itself
  std::vector<int> component_of_;    // of found_
  std::vector<Component> components_;
  std::vector<Run> runs_;
};

}  // namespace capillaryx
