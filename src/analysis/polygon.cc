// SPDX-License-Identifier: Apache-2.0
#include "analysis/polygon.h"

#include <cstdlib>

namespace capillaryx {
namespace {

using Point = OutlineFinder::Point;

struct Way {
  std::int64_t x, y;

  Way(const Point& from, const Point& to) : x(std::int64_t{to.x} - from.x), y(std::int64_t{to.y} - from.y) {}
  std::int64_t length_sq() const { return x * x + y * y; }
};

// How far a point is off a line, times the line's length: of the ways from one point of it to another and to the point.
std::int64_t off(const Way& line, const Way& to) { return std::abs(to.y * line.x - to.x * line.y); }

}  // namespace

std::span<const Point> PolygonFinder::find(std::span<const Point> line, double slack) {
  const double slack_sq = slack * slack;
  const std::size_t count = line.size();
  ring_.assign(line.begin(), line.end());
  ring_.insert(ring_.end(), line.begin(), line.end());
  corners_.clear();
  // Two points that lie far apart: from one to the farthest from it, and again.
  std::size_t first = 0, second = 0;
  for (int round = 0; round < 3; ++round) {
    first = second % count;
    second = first + farthest_from(first, count);
  }
  if (static_cast<double>(Way(ring_[first], ring_[second]).length_sq()) <= slack_sq) return corners_;
  parts_.clear();
  if (second < count) {
    parts_.push_back({second, first + count});
    parts_.push_back({first, second});
  } else {
    parts_.push_back({second - count, first});
    parts_.push_back({first, second});
  }
  while (!parts_.empty()) {
    const Part part = parts_.back();
    parts_.pop_back();
    const std::size_t middle = split(part, slack_sq);
    if (middle == part.first) {
      corners_.push_back(ring_[part.first]);
    } else {
      parts_.push_back({middle, part.last});
      parts_.push_back({part.first, middle});
    }
  }
  drop_straight(slack_sq);
  return corners_;
}

// How far on the first of those points is that are farthest from the one at `from`; 0 where all are the same.
std::size_t PolygonFinder::farthest_from(std::size_t from, std::size_t count) const {
  std::int64_t most = 0;
  std::size_t on = 0;
  for (std::size_t i = 1; i < count; ++i) {
    const std::int64_t distance = Way(ring_[from], ring_[from + i]).length_sq();
    on = distance > most ? i : on;
    most = distance > most ? distance : most;
  }
  return on;
}

// The point of a part that is farthest from the side between its ends; its first where none is further than the slack.
std::size_t PolygonFinder::split(const Part& part, double slack_sq) const {
  const Point* const ring = ring_.data();
  const Point from = ring[part.first];
  const Way side(from, ring[part.last]);
  std::int64_t most = 0;
  std::size_t middle = part.first;
  for (std::size_t i = part.first + 1; i < part.last; ++i) {  // without a question, which would often be answered wrong
    const std::int64_t distance = off(side, Way(from, ring[i]));
    middle = distance > most ? i : middle;
    most = distance > most ? distance : most;
  }
  const auto distance = static_cast<double>(most);
  return distance * distance <= slack_sq * static_cast<double>(side.length_sq()) ? part.first : middle;
}

// Leaves out corners that are less than 0.7 of the slack off the way between their neighbours; of two in a row one
// stays. The corner after the last one is the first that stayed.
void PolygonFinder::drop_straight(double slack_sq) {
  const std::size_t all = corners_.size();
  std::size_t left = all, next = 1 % all, kept = 0;
  const auto take = [&] {
    const Point corner = corners_[next];
    next = next + 1 < all ? next + 1 : 0;
    return corner;
  };
  Point before = corners_[all - 1], corner = corners_[0];
  for (std::size_t i = 0; i < all && left > 2; ++i) {
    const Point after = take();
    const Way past(before, after), here(before, corner), on(corner, after);
    const auto distance = static_cast<double>(off(past, here));
    if (distance * distance <= 0.5 * slack_sq * static_cast<double>(past.length_sq()) && past.x != 0 && past.y != 0 &&
        here.x * on.x + here.y * on.y >= 0) {
      --left;
      ++i;
      before = corners_[kept++] = after;
      corner = take();
    } else {
      before = corners_[kept++] = corner;
      corner = after;
    }
  }
  corners_.resize(left);
}

}  // namespace capillaryx
