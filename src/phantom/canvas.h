// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <opencv2/core.hpp>
#include <vector>

#include "phantom/random.h"

namespace capillaryx::phantom {

using Color = std::array<float, 3>;  ///< a weight for red, green and blue

/// A place on a centre line: position, half width (px) and how dark it is there.
struct Knot {
  double x = 0;
  double y = 0;
  double radius = 1;
  double darkness = 1;
};

/// A small picture that belongs at (left, top) of a canvas; it may reach beyond it.
struct Patch {
  int left = 0;
  int top = 0;
  cv::Mat values;  ///< CV_32F
};

/// Optical density over a frame in three channels: what light loses on its way. Negative density is added light.
/// `fine` has the frame's size, `coarse` a quarter of it, for what is soft. A point (x, y) of the frame is at
/// (x / 4, y / 4) of `coarse`.
struct Canvas {
  Canvas(int width, int height);
  int width;
  int height;
  cv::Mat fine;    ///< CV_32FC3
  cv::Mat coarse;  ///< CV_32FC3
  static constexpr int kCoarse = 4;
};

/// Smooth curve through `knots` (Catmull-Rom), sampled about every `step` px.
std::vector<Knot> smooth_curve(const std::vector<Knot>& knots, double step = 1.5);

/// A curve that wanders: `length` px from (x, y) in direction `angle`; `bend` is the spread of curvature per step.
std::vector<Knot> wander(Random& random, double x, double y, double angle, double length, double radius, double bend,
                         double darkness = 1);

/// Sharp picture of vessels: at each pixel the chord through a round tube (1 at the centre line) times its darkness;
/// where pieces overlap the darker one counts. `margin` px are left free around them; pixels are sampled at their
/// centres.
Patch draw_tubes(const std::vector<std::vector<Knot>>& curves, double margin);

/// Blurs a patch in place. Does nothing under 0.3 px.
void blur(cv::Mat& values, double sigma_px);

/// target[c] += weight[c] * value, where the patch lies on `target` (CV_32FC3).
void add(cv::Mat& target, const Patch& patch, const Color& weight);

/// What lies behind shows through less: target = target * (1 - cover * value) first, then as add().
void add_over(cv::Mat& target, const Patch& patch, const Color& weight, float cover);

/// Scales the curve's places and widths to the coarse picture.
std::vector<Knot> to_coarse(std::vector<Knot> curve);

/// Smooth noise over `rows` x `columns`, standard deviation about 1 for each octave times its gain: `gains[k]` belongs
/// to waves of about 2^(k+1) px.
cv::Mat clouds(Random& random, int rows, int columns, const std::vector<double>& gains);

}  // namespace capillaryx::phantom
