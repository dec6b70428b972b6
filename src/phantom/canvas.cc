// SPDX-License-Identifier: Apache-2.0
#include "phantom/canvas.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace capillaryx::phantom {

Canvas::Canvas(int frame_width, int frame_height)
    : width(frame_width),
      height(frame_height),
      coarse((frame_height + kCoarse - 1) / kCoarse, (frame_width + kCoarse - 1) / kCoarse, CV_32FC3,
             cv::Scalar::all(0)) {}

std::vector<Knot> smooth_curve(const std::vector<Knot>& knots, double step) {
  if (knots.size() < 2) return knots;
  std::vector<Knot> curve;
  const auto last = static_cast<int>(knots.size()) - 1;
  for (int i = 0; i < last; ++i) {
    const Knot& p0 = knots[std::max(i - 1, 0)];
    const Knot& p1 = knots[i];
    const Knot& p2 = knots[i + 1];
    const Knot& p3 = knots[std::min(i + 2, last)];
    const int count = std::max(1, static_cast<int>(std::hypot(p2.x - p1.x, p2.y - p1.y) / step));
    for (int k = 0; k < count; ++k) {
      const double t = static_cast<double>(k) / count;
      const auto blend = [t](double a, double b, double c, double d) {
        return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
      };
      curve.push_back({blend(p0.x, p1.x, p2.x, p3.x), blend(p0.y, p1.y, p2.y, p3.y),
                       p1.radius + t * (p2.radius - p1.radius), p1.darkness + t * (p2.darkness - p1.darkness)});
    }
  }
  curve.push_back(knots.back());
  return curve;
}

std::vector<Knot> wander(Random& random, double x, double y, double angle, double length, double radius, double bend,
                         double darkness) {
  constexpr double kStep = 2;
  std::vector<Knot> curve;
  double turn = random.normal(0, bend);
  double drawn = 0;
  while (drawn <= length) {
    drawn += kStep;
    curve.push_back({x, y, radius, darkness});
    x += kStep * std::cos(angle);
    y += kStep * std::sin(angle);
    turn = 0.93 * turn + random.normal(0, 0.37 * bend);
    angle += turn * kStep;
  }
  return curve;
}

namespace {

void draw_piece(const Knot& a, const Knot& b, Patch& patch) {
  const double radius = std::max(a.radius, b.radius);
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double square = dx * dx + dy * dy;
  const int x0 = std::max(0, static_cast<int>(std::floor(std::min(a.x, b.x) - radius)) - patch.left);
  const int x1 = std::min(patch.values.cols - 1, static_cast<int>(std::ceil(std::max(a.x, b.x) + radius)) - patch.left);
  const int y0 = std::max(0, static_cast<int>(std::floor(std::min(a.y, b.y) - radius)) - patch.top);
  const int y1 = std::min(patch.values.rows - 1, static_cast<int>(std::ceil(std::max(a.y, b.y) + radius)) - patch.top);
  for (int y = y0; y <= y1; ++y) {
    auto* row = patch.values.ptr<float>(y);
    const double py = y + patch.top + 0.5 - a.y;
    for (int x = x0; x <= x1; ++x) {
      const double px = x + patch.left + 0.5 - a.x;
      const double t = square > 0 ? std::clamp((px * dx + py * dy) / square, 0.0, 1.0) : 0.0;
      const double ex = px - t * dx;
      const double ey = py - t * dy;
      const double r = a.radius + t * (b.radius - a.radius);
      const double inside = 1 - (ex * ex + ey * ey) / (r * r);
      if (inside <= 0) continue;
      row[x] = std::max(row[x], static_cast<float>(std::sqrt(inside) * (a.darkness + t * (b.darkness - a.darkness))));
    }
  }
}

}  // namespace

Patch draw_tubes(const std::vector<std::vector<Knot>>& curves, double margin) {
  double min_x = 1e9;
  double min_y = 1e9;
  double max_x = -1e9;
  double max_y = -1e9;
  for (const auto& curve : curves) {
    for (const Knot& k : curve) {
      min_x = std::min(min_x, k.x - k.radius);
      min_y = std::min(min_y, k.y - k.radius);
      max_x = std::max(max_x, k.x + k.radius);
      max_y = std::max(max_y, k.y + k.radius);
    }
  }
  Patch patch;
  patch.left = static_cast<int>(std::floor(min_x - margin));
  patch.top = static_cast<int>(std::floor(min_y - margin));
  patch.values = cv::Mat(static_cast<int>(std::ceil(max_y + margin)) - patch.top + 1,
                         static_cast<int>(std::ceil(max_x + margin)) - patch.left + 1, CV_32F, cv::Scalar(0));
  for (const auto& curve : curves) {
    for (std::size_t i = 0; i + 1 < curve.size(); ++i) draw_piece(curve[i], curve[i + 1], patch);
    if (curve.size() == 1) draw_piece(curve[0], curve[0], patch);
  }
  return patch;
}

void blur(cv::Mat& values, double sigma_px) {
  if (sigma_px < 0.3) return;
  const int size = 2 * std::max(1, static_cast<int>(std::ceil(3 * sigma_px))) + 1;
  cv::GaussianBlur(values, values, {size, size}, sigma_px, sigma_px, cv::BORDER_REPLICATE);
}

void add(cv::Mat& target, const Patch& patch, const Color& weight) { add_over(target, patch, weight, 0); }

void add_over(cv::Mat& target, const Patch& patch, const Color& weight, float cover) {
  const int x0 = std::max(0, patch.left);
  const int x1 = std::min(target.cols, patch.left + patch.values.cols);
  const int y1 = std::min(target.rows, patch.top + patch.values.rows);
  for (int y = std::max(0, patch.top); y < y1; ++y) {
    auto* out = target.ptr<float>(y) + 3 * static_cast<std::ptrdiff_t>(x0);
    const auto* in = patch.values.ptr<float>(y - patch.top) + (x0 - patch.left);
    for (int x = x0; x < x1; ++x, out += 3, ++in) {
      const float value = *in;
      const float keep = 1 - cover * value;
      for (int c = 0; c < 3; ++c) out[c] = out[c] * keep + weight[c] * value;
    }
  }
}

std::vector<Knot> to_coarse(std::vector<Knot> curve) {
  for (Knot& k : curve) {
    k.x /= Canvas::kCoarse;
    k.y /= Canvas::kCoarse;
    k.radius /= Canvas::kCoarse;
  }
  return curve;
}

cv::Mat clouds(Random& random, int rows, int columns, const std::vector<double>& gains) {
  cv::Mat sum(rows, columns, CV_32F, cv::Scalar(0));
  for (std::size_t k = 0; k < gains.size(); ++k) {
    if (gains[k] == 0) continue;
    const int cell = 1 << k;
    cv::Mat lattice((rows + cell - 1) / cell + 3, (columns + cell - 1) / cell + 3, CV_32F);
    const auto gain = static_cast<float>(gains[k]);
    for (int y = 0; y < lattice.rows; ++y) {
      auto* row = lattice.ptr<float>(y);
      for (int x = 0; x < lattice.cols; ++x) row[x] = gain * 1.3F * random.grain();
    }
    cv::Mat wide;
    cv::resize(lattice, wide, {lattice.cols * cell, lattice.rows * cell}, 0, 0, cv::INTER_CUBIC);
    // A random shift, so that the lattices of the octaves do not lie on each other.
    const int dx = random.below(cell);
    const int dy = random.below(cell);
    sum += wide(cv::Rect(cell + dx, cell + dy, columns, rows));
  }
  return sum;
}

}  // namespace capillaryx::phantom
