// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/block_window.h"
#include "analysis/rois.h"

namespace capillaryx {

/// Finds the line on which the values of a window fall to a level, round the largest piece of what lies over it.
/// Threads: one call at a time for an instance. Memory is used again.
class OutlineFinder {
 public:
  static constexpr int kOnePx = 8;  ///< steps of a pixel
  struct Point {
    int x, y;
  };

  /// `mask` has a byte for every block: 1 where the window's value is over `level` / 2 or where pieces were joined,
  /// else 0; its border is 0. It is used up. False where it is empty.
  bool find(const BlockWindow& window, int level, std::vector<std::uint8_t>& mask);

  /// The line that was found, the piece to its right, in steps from the window's corner. Between the middles of two
  /// blocks it runs where the values, taken as linear, are at the level, and half way where the mask ends before they
  /// are, or where pieces were joined. Holes belong to a piece.
  const std::vector<Point>& points() const { return points_; }

  /// Moves what lies outside of a frame of this size onto its border.
  void clip(const BlockWindow& window, int frame_width, int frame_height);

  /// Appends the rows of the pixels whose middles lie inside the line to `runs`, in frame pixels. Returns how many
  /// pixels they have.
  int append_runs(const BlockWindow& window, std::vector<Run>& runs);

 private:
  /// Of a block: above (side 0), right of (1), below (2), left of (3) it.
  struct Edge {
    int x, y, side;
  };
  struct Crossing {
    int row, column;
  };
  int trace(const std::vector<std::uint8_t>& mask, int width, int first_x, int first_y);
  void fill(std::vector<std::uint8_t>& mask, const BlockWindow& window);
  void sort_crossings(int rows);

  std::vector<Edge> edges_, largest_;
  std::vector<Point> points_;
  std::vector<Crossing> crossings_, sorted_;  // a row has an even number of them: where it enters and leaves in turn
  std::vector<int> starts_;
};

}  // namespace capillaryx
