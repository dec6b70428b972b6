// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core/mat.hpp>
#include <openvino/openvino.hpp>
#include <vector>

#include "networks/frame_network.h"
#include "networks/frame_network_spec.h"

namespace capillaryx {

/// The probability of a capillary at each place of a segmentation's output, `height` x `width` of the input or a whole
/// fraction of it. Throws std::runtime_error on numbers that are none, and on another shape.
cv::Mat read_probability(const ov::Tensor& output, const FrameNetworkSpec& spec, bool channels_last, int width,
                         int height);

/// The outputs of a detector; scores and labels are null if the table of boxes has them.
struct DetectorOutputs {
  ov::Tensor boxes;
  ov::Tensor scores, labels;
};

/// The boxes of a capillary with `least_score` or more, in the network's order, pixels of its input of `width` x
/// `height`. Throws std::runtime_error as above.
void read_boxes(const DetectorOutputs& outputs, const FrameNetworkSpec& spec, int width, int height, float least_score,
                std::vector<DetectedBox>& boxes);

/// The numbers of a frame, one for each of `count` names. Throws std::runtime_error as above.
std::vector<double> read_numbers(const ov::Tensor& output, const FrameNetworkSpec& spec, std::size_t count);

}  // namespace capillaryx
