// SPDX-License-Identifier: Apache-2.0
// Half-depth outlines with the precision of a fraction of a pixel: marching squares over a capillary's own density.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "phantom/look.h"

namespace capillaryx::phantom {
namespace {

using Polygon = std::vector<cv::Point2f>;

double signed_area(const Polygon& polygon) {
  double sum = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const auto& a = polygon[i];
    const auto& b = polygon[(i + 1) % polygon.size()];
    sum += static_cast<double>(a.x) * b.y - static_cast<double>(b.x) * a.y;
  }
  return sum / 2;
}

/// Closed lines on which `field` is 0, with what is positive to their right (signed area > 0 round an island). The
/// field's border must be negative. Pixel (i, j) is the sample at (i + 0.5, j + 0.5).
std::vector<Polygon> zero_lines(const cv::Mat& field) {
  // An edge between two samples has one id: 2 * index for the one to the right, 2 * index + 1 for the one below.
  const int columns = field.cols;
  const auto edges = static_cast<std::size_t>(2) * field.rows * columns;
  std::vector<int> next(edges, -1);
  const auto is_in = [&](int x, int y) { return field.at<float>(y, x) > 0; };
  for (int y = 0; y + 1 < field.rows; ++y) {
    for (int x = 0; x + 1 < columns; ++x) {
      const int corner = y * columns + x;
      const int top = 2 * corner;
      const int left = 2 * corner + 1;
      const int bottom = 2 * (corner + columns);
      const int right = 2 * (corner + 1) + 1;
      const bool a = is_in(x, y);
      const bool b = is_in(x + 1, y);
      const bool c = is_in(x + 1, y + 1);
      const bool d = is_in(x, y + 1);
      // Clockwise round the cell, a line leaves through the side where out turns to in and came in through the next
      // one where in turns to out; islands that touch at a corner alone stay apart.
      if (a && !d) next[!b ? top : !c ? right : bottom] = left;
      if (b && !a) next[!c ? right : !d ? bottom : left] = top;
      if (c && !b) next[!d ? bottom : !a ? left : top] = right;
      if (d && !c) next[!a ? left : !b ? top : right] = bottom;
    }
  }
  const auto crossing = [&](int edge) {
    const int x = edge / 2 % columns;
    const int y = edge / 2 / columns;
    const int x2 = x + (edge % 2 == 0 ? 1 : 0);
    const int y2 = y + edge % 2;
    const float f = field.at<float>(y, x);
    const float g = field.at<float>(y2, x2);
    const float t = f / (f - g);
    return cv::Point2f(static_cast<float>(x) + 0.5F + t * static_cast<float>(x2 - x),
                       static_cast<float>(y) + 0.5F + t * static_cast<float>(y2 - y));
  };
  std::vector<Polygon> lines;
  for (int start = 0; start < static_cast<int>(edges); ++start) {
    if (next[start] < 0) continue;
    Polygon line;
    for (int edge = start; next[edge] >= 0;) {
      line.push_back(crossing(edge));
      edge = std::exchange(next[edge], -1);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

/// The part of `polygon` where sign * coordinate <= sign * limit (Sutherland-Hodgman, one side).
Polygon clip(const Polygon& polygon, bool horizontal, float sign, float limit) {
  Polygon out;
  const auto beyond = [&](const cv::Point2f& p) { return sign * ((horizontal ? p.x : p.y) - limit); };
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const cv::Point2f& a = polygon[i];
    const cv::Point2f& b = polygon[(i + 1) % polygon.size()];
    const float fa = beyond(a);
    const float fb = beyond(b);
    if (fa <= 0) out.push_back(a);
    if ((fa <= 0) == (fb <= 0)) continue;
    cv::Point2f cut = a + (b - a) * (fa / (fa - fb));
    (horizontal ? cut.x : cut.y) = limit;
    out.push_back(cut);
  }
  return out;
}

/// Half of the depth of a capillary: see PhantomCapillary.
float half_depth(const cv::Mat& density) {
  constexpr double kFoot = 0.1;  // of the peak: what is fainter is no part of it
  constexpr double kLeastDepth = 0.35;
  constexpr double kReach = 0.9;
  double peak = 0;
  cv::minMaxLoc(density, nullptr, &peak);
  cv::Mat whole;
  cv::compare(density, kFoot * peak, whole, cv::CMP_GE);
  cv::Mat steps;
  cv::distanceTransform(whole, steps, cv::DIST_C, 3);
  double half_width = 0;
  cv::minMaxLoc(steps, nullptr, &half_width);
  const int side = 2 * std::max(1, cvRound(kReach * half_width)) + 1;
  cv::Mat highest;
  cv::dilate(density, highest, cv::getStructuringElement(cv::MORPH_RECT, {side, side}));
  std::vector<float> values;
  for (int y = 0; y < density.rows; ++y) {
    for (int x = 0; x < density.cols; ++x) {
      if (whole.at<std::uint8_t>(y, x) != 0) values.push_back(highest.at<float>(y, x));
    }
  }
  const auto tenth = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 10);
  std::nth_element(values.begin(), tenth, values.end());
  return 0.5F * std::max(*tenth, static_cast<float>(kLeastDepth * peak));
}

/// Closed lines on which `field` is 0, in the frame, clipped to it; holes filled.
std::vector<Polygon> trace(const Patch& field, int width, int height) {
  constexpr double kLeastArea = 12;
  std::vector<Polygon> islands;
  for (Polygon& line : zero_lines(field.values)) {
    if (signed_area(line) > kLeastArea) islands.push_back(std::move(line));
  }
  std::vector<Polygon> traced;
  for (std::size_t i = 0; i < islands.size(); ++i) {
    // An island in another's hole belongs to that other, whose hole counts as filled.
    const auto holds = [&](const Polygon& other) {
      return &other != &islands[i] && cv::pointPolygonTest(other, islands[i].front(), false) > 0;
    };
    if (std::any_of(islands.begin(), islands.end(), holds)) continue;
    constexpr double kTolerance = 0.06;  // px: half of the points say the same
    Polygon polygon;
    cv::approxPolyDP(islands[i], polygon, kTolerance, true);
    for (auto& p : polygon) p += cv::Point2f(static_cast<float>(field.left), static_cast<float>(field.top));
    polygon = clip(polygon, true, -1, 0);
    polygon = clip(polygon, true, 1, static_cast<float>(width));
    polygon = clip(polygon, false, -1, 0);
    polygon = clip(polygon, false, 1, static_cast<float>(height));
    if (polygon.size() >= 3 && signed_area(polygon) >= kLeastArea) traced.push_back(std::move(polygon));
  }
  return traced;
}

std::vector<float> flat(const Polygon& polygon) {
  std::vector<float> values;
  values.reserve(2 * polygon.size());
  for (const auto& p : polygon) values.insert(values.end(), {p.x, p.y});
  return values;
}

/// The half-maximum outlines of tubes, each at its own depth.
std::vector<Polygon> half_maximum(std::vector<std::vector<Knot>> curves, int width, int height) {
  if (curves.empty()) return {};
  // Tubes twice as wide, whose profile p = sqrt(1 - (r / 2R)^2) gives the distance r / R on both sides of the outline.
  // That is linear across a vessel, so that thin tubes interpolate as exactly as thick ones.
  constexpr double kWider = 2;
  constexpr double kMargin = 3;  // px: the field's border must be negative
  for (auto& curve : curves) {
    for (Knot& k : curve) k.radius *= kWider;
  }
  Patch tubes = draw_tubes(curves, kMargin);
  for (float& p : cv::Mat_<float>(tubes.values)) {
    const double distance = kWider * std::sqrt(std::max(0.0, 1 - static_cast<double>(p) * p));
    p = static_cast<float>(0.5 * std::numbers::sqrt3 - distance);
  }
  return trace(tubes, width, height);
}

}  // namespace

void outline_geometry(const std::vector<std::vector<Knot>>& vessel, double least_darkness, int width, int height,
                      PhantomCapillary& truth) {
  std::vector<std::vector<Knot>> clear;
  std::vector<std::vector<Knot>> faint;
  for (const auto& curve : vessel) {
    bool was_clear = false;
    for (std::size_t i = 0; i < curve.size(); ++i) {
      const bool is_clear = curve[i].darkness >= least_darkness;
      auto& runs = is_clear ? clear : faint;
      if (i == 0 || is_clear != was_clear) runs.emplace_back();
      runs.back().push_back(curve[i]);
      runs.back().back().darkness = 1;
      was_clear = is_clear;
    }
  }
  truth.geometry.clear();
  truth.faint.clear();
  truth.geometry_area_px = 0;
  for (const Polygon& polygon : half_maximum(std::move(clear), width, height)) {
    truth.geometry_area_px += signed_area(polygon);
    truth.geometry.push_back(flat(polygon));
  }
  for (const Polygon& polygon : half_maximum(std::move(faint), width, height)) truth.faint.push_back(flat(polygon));
}

void outline_capillary(const Patch& density, int width, int height, PhantomCapillary& truth) {
  double min_x = width;
  double min_y = height;
  double max_x = 0;
  double max_y = 0;
  for (const Polygon& polygon :
       trace({density.left, density.top, density.values - half_depth(density.values)}, width, height)) {
    truth.area_px += signed_area(polygon);
    for (const auto& p : polygon) {
      min_x = std::min<double>(min_x, p.x);
      min_y = std::min<double>(min_y, p.y);
      max_x = std::max<double>(max_x, p.x);
      max_y = std::max<double>(max_y, p.y);
    }
    truth.outline.push_back(flat(polygon));
  }
  if (!truth.outline.empty()) truth.bbox = {min_x, min_y, max_x - min_x, max_y - min_y};
}

}  // namespace capillaryx::phantom
