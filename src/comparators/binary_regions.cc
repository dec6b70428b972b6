// SPDX-License-Identifier: Apache-2.0
#include "comparators/binary_regions.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <tuple>
#include <utility>
#include <vector>

#include "analysis/background.h"
#include "analysis/frame_size.h"

namespace capillaryx {
namespace {

// The outline of a component of pixels in the coordinates of pixel corners, as results have it: OpenCV gives the
// middles of its border pixels.
Capillary region_of(const cv::Mat& component, const cv::Rect& box) {
  cv::Mat doubled;
  cv::resize(component, doubled, {}, 2, 2, cv::INTER_NEAREST);
  cv::copyMakeBorder(doubled, doubled, 1, 1, 1, 1, cv::BORDER_CONSTANT, 0);
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(doubled, outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
  Capillary capillary;
  capillary.bbox = {box.x, box.y, box.width, box.height};
  for (const cv::Point& point : outlines.front()) {
    // A border pixel of the doubled picture at 2 x + 1 or 2 x + 2 belongs to pixel x: half a step outwards is its
    // corner.
    const int x = point.x / 2, y = point.y / 2;
    capillary.polygon.push_back(static_cast<float>(box.x + x));
    capillary.polygon.push_back(static_cast<float>(box.y + y));
  }
  return capillary;
}

}  // namespace

cv::Mat dark_as_bright(const Frame& frame) {
  const PixelView& view = frame.pixels();
  check_size(view);
  cv::setNumThreads(1);
  const int vessel = vessel_channel(view.channels);
  cv::Mat bright(view.height, view.width, CV_8U);
  for (int y = 0; y < view.height; ++y) {
    const std::uint8_t* from = view.row(y) + vessel;
    auto* to = bright.ptr<std::uint8_t>(y);
    for (int x = 0; x < view.width; ++x) to[x] = static_cast<std::uint8_t>(255 - from[x * view.channels]);
  }
  return bright;
}

void regions_to_result(const cv::Mat& binary, const cv::Mat& strength, const RegionLimits& limits,
                       FrameResult& result) {
  result.width = binary.cols;
  result.height = binary.rows;
  result.valid_px = static_cast<std::int64_t>(binary.cols) * binary.rows;

  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(binary, outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_NONE);
  std::vector<std::pair<cv::Rect, std::size_t>> order;
  for (std::size_t i = 0; i < outlines.size(); ++i) order.emplace_back(cv::boundingRect(outlines[i]), i);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.y, a.first.x, a.second) < std::tie(b.first.y, b.first.x, b.second);
  });

  const double most = strength.depth() == CV_16U ? 65535 : 255;
  std::int64_t covered_px = 0;
  for (const auto& [box, index] : order) {
    if (std::max(box.width, box.height) > limits.max_length_px) continue;
    cv::Mat filled = cv::Mat::zeros(box.size(), CV_8U);
    cv::drawContours(filled, outlines, static_cast<int>(index), 255, cv::FILLED, cv::LINE_8, cv::noArray(), 0,
                     {-box.x, -box.y});
    const int area_px = cv::countNonZero(filled);
    if (area_px < limits.min_area_px || area_px > limits.max_area_px) continue;
    Capillary capillary = region_of(filled, box);
    capillary.area_px = area_px;
    // OpenCV multiplies by 1 / area, which may round upwards.
    capillary.score = std::min(1.0, cv::mean(strength(box), filled)[0] / most);
    result.capillaries.push_back(std::move(capillary));
    covered_px += area_px;
  }
  result.density = static_cast<double>(covered_px) / static_cast<double>(result.valid_px);
}

}  // namespace capillaryx
