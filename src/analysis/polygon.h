// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/outline.h"

namespace capillaryx {

/// Turns a closed line of many points into a polygon of few (Douglas and Peucker 1973): the line is halved at the point
/// farthest from the side that would stand for it, for as long as that is further than the slack; then corners that lie
/// almost on the way between their neighbours are left out. The same as OpenCV's approxPolyDP, in whole numbers.
/// Threads: one call at a time for an instance. Memory is used again.
class PolygonFinder {
 public:
  using Point = OutlineFinder::Point;

  /// The corners, points of `line` in its order; fewer than 3 where the line is no wider than `slack`. They last until
  /// the next call.
  std::span<const Point> find(std::span<const Point> line, double slack);

 private:
  struct Part {
    std::size_t first, last;  // in ring_
  };
  std::size_t farthest_from(std::size_t from, std::size_t count) const;
  std::size_t split(const Part& part, double slack_sq) const;
  void drop_straight(double slack_sq);

  std::vector<Point> ring_;  // the line twice, so that every part of it is one piece
  std::vector<Part> parts_;  // still to be looked at, the next one last
  std::vector<Point> corners_;
};

}  // namespace capillaryx
