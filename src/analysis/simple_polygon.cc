// SPDX-License-Identifier: Apache-2.0
#include "analysis/simple_polygon.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

namespace capillaryx {
namespace {

using Point = OutlineFinder::Point;
using Polygon = std::vector<Point>;

bool same(const Point& a, const Point& b) { return a.x == b.x && a.y == b.y; }

/// Twice the area of the triangle; its sign is the side of a-b on which c lies.
std::int64_t cross(const Point& a, const Point& b, const Point& c) {
  return std::int64_t{b.x - a.x} * (c.y - a.y) - std::int64_t{b.y - a.y} * (c.x - a.x);
}

std::int64_t dot(const Point& a, const Point& b, const Point& c) {
  return std::int64_t{b.x - a.x} * (c.x - b.x) + std::int64_t{b.y - a.y} * (c.y - b.y);
}

/// Whether `p`, which is on the line through a and b, lies between them.
bool between(const Point& a, const Point& b, const Point& p) {
  return std::min(a.x, b.x) <= p.x && p.x <= std::max(a.x, b.x) && std::min(a.y, b.y) <= p.y &&
         p.y <= std::max(a.y, b.y);
}

int sign(std::int64_t value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

/// Where the sides a-b and c-d meet.
std::optional<Point> meeting(const Point& a, const Point& b, const Point& c, const Point& d) {
  if (std::max(a.x, b.x) < std::min(c.x, d.x) || std::max(c.x, d.x) < std::min(a.x, b.x) ||
      std::max(a.y, b.y) < std::min(c.y, d.y) || std::max(c.y, d.y) < std::min(a.y, b.y)) {
    return std::nullopt;
  }
  const std::int64_t of_c = cross(a, b, c), of_d = cross(a, b, d), of_a = cross(c, d, a), of_b = cross(c, d, b);
  if (of_c == 0 && between(a, b, c)) return c;
  if (of_d == 0 && between(a, b, d)) return d;
  if (of_a == 0 && between(c, d, a)) return a;
  if (of_b == 0 && between(c, d, b)) return b;
  if (sign(of_c) * sign(of_d) >= 0 || sign(of_a) * sign(of_b) >= 0) return std::nullopt;
  const double along = static_cast<double>(of_a) / static_cast<double>(of_a - of_b);
  return Point{static_cast<int>(std::lround(a.x + along * (b.x - a.x))),
               static_cast<int>(std::lround(a.y + along * (b.y - a.y)))};
}

std::int64_t doubled_area(const Polygon& polygon) {
  std::int64_t sum = 0;
  for (std::size_t i = 2; i < polygon.size(); ++i) sum += cross(polygon[0], polygon[i - 1], polygon[i]);
  return std::abs(sum);
}

/// The first corner that equals the next one, or from which the line goes back the way that it came.
std::optional<std::size_t> find_spike(const Polygon& polygon) {
  const std::size_t count = polygon.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Point &before = polygon[(i + count - 1) % count], &here = polygon[i], &after = polygon[(i + 1) % count];
    if (same(here, after) || (cross(before, here, after) == 0 && dot(before, here, after) < 0)) return i;
  }
  return std::nullopt;
}

struct Meeting {
  std::size_t first, second;  ///< sides, by their first corners
  Point point;
};

std::optional<Meeting> find_meeting(const Polygon& polygon) {
  const std::size_t count = polygon.size();
  for (std::size_t i = 0; i + 2 < count; ++i) {
    const std::size_t end = i == 0 ? count - 1 : count;  // the last side is the first one's neighbour
    for (std::size_t k = i + 2; k < end; ++k) {
      const auto point = meeting(polygon[i], polygon[i + 1], polygon[k], polygon[k + 1 < count ? k + 1 : 0]);
      if (point) return Meeting{i, k, *point};
    }
  }
  return std::nullopt;
}

}  // namespace

bool is_simple(const Polygon& polygon) {
  return polygon.size() >= 3 && doubled_area(polygon) > 0 && !find_spike(polygon) && !find_meeting(polygon);
}

void make_simple(Polygon& polygon) {
  while (polygon.size() >= 3) {
    if (const auto spike = find_spike(polygon)) {
      polygon.erase(polygon.begin() + static_cast<std::ptrdiff_t>(*spike));
      continue;
    }
    const auto found = find_meeting(polygon);
    if (!found) break;
    const auto from = polygon.begin() + static_cast<std::ptrdiff_t>(found->first) + 1;
    const auto to = polygon.begin() + static_cast<std::ptrdiff_t>(found->second) + 1;
    Polygon inner(from, to);
    inner.push_back(found->point);
    Polygon outer(polygon.begin(), from);
    outer.push_back(found->point);
    outer.insert(outer.end(), to, polygon.end());
    polygon = doubled_area(inner) > doubled_area(outer) ? std::move(inner) : std::move(outer);
  }
  if (polygon.size() >= 3 && doubled_area(polygon) == 0) polygon.clear();
}

}  // namespace capillaryx
