// SPDX-License-Identifier: Apache-2.0
#include "study/roi.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace capillaryx {
namespace {

struct Point {
  double x = 0;
  double y = 0;
};

double area_of(const std::vector<Point>& outline) {
  double twice = 0;
  for (std::size_t i = 0; i < outline.size(); ++i) {
    const Point& a = outline[i];
    const Point& b = outline[(i + 1) % outline.size()];
    twice += a.x * b.y - b.x * a.y;
  }
  return std::abs(twice) / 2;
}

/// The part of an outline on the side of a line where `distance` is not negative (Sutherland and Hodgman 1974).
template <class Distance>
std::vector<Point> clipped(const std::vector<Point>& outline, const Distance& distance) {
  std::vector<Point> out;
  for (std::size_t i = 0; i < outline.size(); ++i) {
    const Point& a = outline[i];
    const Point& b = outline[(i + 1) % outline.size()];
    const double at_a = distance(a);
    const double at_b = distance(b);
    if (at_a >= 0) out.push_back(a);
    if ((at_a >= 0) != (at_b >= 0)) {
      const double share = at_a / (at_a - at_b);
      out.push_back({a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)});
    }
  }
  return out;
}

}  // namespace

std::optional<RoiPart> part_in_roi(const FrameResult& result, const std::array<int, 4>& roi) {
  if (result.valid_px != std::int64_t{result.width} * result.height) return std::nullopt;
  const double left = roi[0];
  const double top = roi[1];
  const double right = std::min<double>(left + roi[2], result.width);
  const double bottom = std::min<double>(top + roi[3], result.height);
  RoiPart part;
  if (left >= right || top >= bottom) return part;
  part.valid_px = static_cast<std::int64_t>((right - left) * (bottom - top));
  for (const Capillary& capillary : result.capillaries) {
    const auto& box = capillary.bbox;
    const double middle_x = box[0] + box[2] / 2.0;
    const double middle_y = box[1] + box[3] / 2.0;
    if (middle_x >= left && middle_x < right && middle_y >= top && middle_y < bottom) ++part.count;
    if (box[0] >= left && box[1] >= top && box[0] + box[2] <= right && box[1] + box[3] <= bottom) {
      part.area_px += capillary.area_px;
      continue;
    }
    std::vector<Point> outline;
    for (std::size_t i = 0; i + 1 < capillary.polygon.size(); i += 2) {
      outline.push_back({capillary.polygon[i], capillary.polygon[i + 1]});
    }
    const double whole = area_of(outline);
    if (whole <= 0) continue;
    outline = clipped(outline, [&](const Point& p) { return p.x - left; });
    outline = clipped(outline, [&](const Point& p) { return right - p.x; });
    outline = clipped(outline, [&](const Point& p) { return p.y - top; });
    outline = clipped(outline, [&](const Point& p) { return bottom - p.y; });
    part.area_px += capillary.area_px * std::min(1.0, area_of(outline) / whole);
  }
  return part;
}

}  // namespace capillaryx
