// SPDX-License-Identifier: Apache-2.0
#include "networks/frame_network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <opencv2/core.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/op/sigmoid.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "analysis/network.h"
#include "capillaryx/error.h"

namespace capillaryx {
namespace {

/// Three convolutions of 5x5 over a grey frame of any size: each pixel's number depends on the 6 pixels around it.
NetworkFile network(const std::string& notes) {
  const auto frame = std::make_shared<ov::op::v0::Parameter>(ov::element::f32,
                                                             ov::PartialShape{1, 1, ov::Dimension(), ov::Dimension()});
  std::mt19937 random(7);
  ov::Output<ov::Node> last = frame;
  for (int layer = 0; layer < 3; ++layer) {
    std::vector<float> weights(25);
    for (float& weight : weights) weight = static_cast<float>(random() % 1000) / 1000 - 0.4F;
    const auto kernel = ov::op::v0::Constant::create(ov::element::f32, {1, 1, 5, 5}, weights);
    const auto sum = std::make_shared<ov::op::v1::Convolution>(
        last, kernel, ov::Strides{1, 1}, ov::CoordinateDiff{2, 2}, ov::CoordinateDiff{2, 2}, ov::Strides{1, 1});
    last = layer < 2 ? std::make_shared<ov::op::v0::Relu>(sum)->output(0)
                     : std::make_shared<ov::op::v0::Sigmoid>(sum)->output(0);
  }
  NetworkFile file;
  file.name = file.identity.name = "stub";
  file.format = "in memory";
  file.model = std::make_shared<ov::Model>(ov::OutputVector{last}, ov::ParameterVector{frame});
  file.notes = R"({"task": "segmentation", "input": "grey", "layout": "nchw", "mean": 128, "scale": 800)" + notes + "}";
  file.notes_from = "stub.json";
  return file;
}

cv::Mat probability_of(const std::string& notes, const PixelView& frame) {
  cv::Mat probability;
  FrameNetwork(network(notes), InferencePrecision::kF32).segment(frame, probability);
  return probability;
}

struct Noise {
  Noise(int width, int height) : pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height)) {
    std::mt19937 random(3);
    for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random() % 256);
    view = {pixels.data(), width, height, 1, width};
  }
  std::vector<std::uint8_t> pixels;
  PixelView view;
};

double largest_difference(const cv::Mat& a, const cv::Mat& b) {
  double largest = 0;
  for (int y = 0; y < a.rows; ++y) {
    for (int x = 0; x < a.cols; ++x) {
      largest =
          std::max(largest, std::abs(static_cast<double>(a.at<float>(y, x)) - static_cast<double>(b.at<float>(y, x))));
    }
  }
  return largest;
}

TEST(FrameNetwork, TilesOf512Over1080pGiveWhatTheWholeFrameGives) {
  const Noise noise(1920, 1080);
  const cv::Mat whole = probability_of(R"(, "fit": "whole")", noise.view);
  ASSERT_EQ(whole.size(), cv::Size(1920, 1080));
  EXPECT_LE(largest_difference(probability_of("", noise.view), whole), 1e-4);
  EXPECT_LE(largest_difference(probability_of(R"(, "multiple": 8)", noise.view), whole), 1e-4);
  // Without an overlap each tile sees its own border: the comparison is able to fail.
  EXPECT_GT(largest_difference(probability_of(R"(, "overlap": 0)", noise.view), whole), 1e-2);
}

TEST(FrameNetwork, AFrameSmallerThanATileIsPaddedAndKeepsItsSize) {
  const Noise noise(100, 70);
  for (const char* padding : {"edge", "reflect", "zero"}) {
    const cv::Mat probability = probability_of(R"(, "padding": ")" + std::string(padding) + "\"", noise.view);
    EXPECT_EQ(probability.size(), cv::Size(100, 70)) << padding;
  }
  // The number 0 beyond the frame is what the network's own padding holds.
  const cv::Mat whole = probability_of(R"(, "fit": "whole")", noise.view);
  const cv::Rect inside(0, 0, 90, 60);
  EXPECT_LE(largest_difference(probability_of("", noise.view)(inside), whole(inside)), 1e-4);
}

TEST(FrameNetwork, NumbersThatAreNoProbabilitiesAreRefusedAtTheStart) {
  NetworkFile file = network("");
  const auto last = file.model->get_results()[0]->input_value(0).get_node_shared_ptr()->input_value(0);
  file.model = std::make_shared<ov::Model>(ov::OutputVector{last}, file.model->get_parameters());
  file.notes = R"({"task": "segmentation", "input": "grey", "layout": "nchw"})";
  try {
    const FrameNetwork refused(std::move(file), InferencePrecision::kF32);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("needs \"output\": \"logits\""), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace capillaryx
