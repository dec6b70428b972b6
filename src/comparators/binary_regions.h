// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>

#include "capillaryx/frame.h"
#include "capillaryx/frame_result.h"

namespace capillaryx {

/// The channel in which blood is darkest, turned over: what is dark becomes bright. 8 bits, the frame's size. Keeps
/// OpenCV to the thread that calls, as a worker has one core. Throws as check_size() of analysis/frame_size.h.
cv::Mat dark_as_bright(const Frame& frame);

/// What makes a white region of a binary picture a capillary.
struct RegionLimits {
  double min_area_px = 0;
  double max_area_px = 0;
  double max_length_px = 0;  ///< longest side of its box
};

/// Makes every white region (8-connected, holes filled) of `binary` that is inside `limits` a capillary of `result`,
/// in reading order. Its score is the mean of `strength` (8 or 16 bits) in it over its largest value, which puts
/// regions in an order and is no probability. Fills size, valid_px and density too.
void regions_to_result(const cv::Mat& binary, const cv::Mat& strength, const RegionLimits& limits, FrameResult& result);

}  // namespace capillaryx
