// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "phantom/clip_parts.h"

namespace capillaryx::phantom {
namespace {

/// Length along the centre lines, one after the other, at the point of them that is nearest to each pixel.
cv::Mat length_along(const SyntheticCapillary& drawn) {
  struct Point {
    float x, y, length;
  };
  std::vector<Point> points;
  double length = 0;
  for (const auto& curve : drawn.vessel) {
    for (std::size_t i = 0; i < curve.size(); ++i) {
      if (i > 0) length += std::hypot(curve[i].x - curve[i - 1].x, curve[i].y - curve[i - 1].y);
      points.push_back({static_cast<float>(curve[i].x - drawn.density.left),
                        static_cast<float>(curve[i].y - drawn.density.top), static_cast<float>(length)});
    }
  }
  cv::Mat along(drawn.density.values.size(), CV_32F, cv::Scalar(0));
  for (int y = 0; y < along.rows; ++y) {
    auto* row = along.ptr<float>(y);
    for (int x = 0; x < along.cols; ++x) {
      float nearest = 1e30F;
      for (const Point& point : points) {
        const float dx = point.x - (static_cast<float>(x) + 0.5F);
        const float dy = point.y - (static_cast<float>(y) + 0.5F);
        const float distance = dx * dx + dy * dy;
        if (distance < nearest) {
          nearest = distance;
          row[x] = point.length;
        }
      }
    }
  }
  return along;
}

}  // namespace

BloodFlow choose_flow(const PhantomOptions& drawing, const PhantomClipOptions& options, std::int64_t index,
                      std::size_t capillary, const SyntheticCapillary& drawn) {
  Random random(drawing.seed, index, kFlow, static_cast<std::uint64_t>(capillary));
  BloodFlow flow;
  flow.px_per_frame = options.flow * random.uniform(2, 8) * (random.chance(0.5) ? 1 : -1);
  flow.spacing_px = random.uniform(45, 130);
  flow.gap_px = random.uniform(5, 12);
  const bool gaps = random.chance(0.6);
  flow.depth = gaps ? std::min(0.9, options.plasma_gaps * random.uniform(0.2, 0.6)) : 0;
  flow.phase_px = random.uniform(0, flow.spacing_px);
  if (flow.depth > 0) flow.along = length_along(drawn);
  return flow;
}

cv::Mat flowing(const BloodFlow& flow, const cv::Mat& density, int frame) {
  if (flow.depth <= 0) return density;
  cv::Mat moved = density.clone();
  const auto depth = static_cast<float>(flow.depth);
  const auto spacing = static_cast<float>(flow.spacing_px);
  const auto moved_px = static_cast<float>(std::fmod(flow.phase_px + flow.px_per_frame * frame, flow.spacing_px));
  const auto sharpness = static_cast<float>(1 / (flow.gap_px * flow.gap_px));
  for (int y = 0; y < moved.rows; ++y) {
    auto* row = moved.ptr<float>(y);
    const auto* along = flow.along.ptr<float>(y);
    for (int x = 0; x < moved.cols; ++x) {
      const float place = along[x] - moved_px;
      const float off = place - spacing * std::round(place / spacing);
      row[x] *= 1 - depth * std::exp(-off * off * sharpness);
    }
  }
  return moved;
}

}  // namespace capillaryx::phantom
