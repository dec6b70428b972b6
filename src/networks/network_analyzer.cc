// SPDX-License-Identifier: Apache-2.0
#include "networks/network_analyzer.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <utility>

#include "analysis/capillary_analyzer.h"
#include "analysis/frame_size.h"
#include "analysis/network.h"
#include "capillaryx/error.h"
#include "comparators/binary_regions.h"

namespace capillaryx {
namespace {

constexpr char kNamedPrefix[] = "model:";
constexpr double kSixteenBits = 65535;

// Whole pixels, at least one.
Capillary capillary_of(const DetectedBox& box, const PixelView& frame) {
  const int x0 = std::min(static_cast<int>(std::lround(box.x0)), frame.width - 1);
  const int y0 = std::min(static_cast<int>(std::lround(box.y0)), frame.height - 1);
  const int x1 = std::max(x0 + 1, static_cast<int>(std::lround(box.x1)));
  const int y1 = std::max(y0 + 1, static_cast<int>(std::lround(box.y1)));
  Capillary capillary;
  capillary.bbox = {x0, y0, x1 - x0, y1 - y0};
  for (const auto& [x, y] : {std::pair{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}) {
    capillary.polygon.push_back(static_cast<float>(x));
    capillary.polygon.push_back(static_cast<float>(y));
  }
  capillary.area_px = (x1 - x0) * (y1 - y0);
  capillary.score = static_cast<double>(box.score);
  return capillary;
}

class NetworkAnalyzer : public Analyzer {
 public:
  NetworkAnalyzer(std::unique_ptr<FrameNetwork> network, const Options& options)
      : network_(std::move(network)),
        threshold_(network_->spec().threshold.value_or(options.min_score)),
        most_boxes_(static_cast<std::size_t>(options.max_rois)),
        limits_{options.min_area_px, options.max_area_px, options.max_length_px} {}

  std::string name() const override { return std::string(to_string(network_->spec().task)) + "-network"; }
  std::string version() const override { return "1"; }
  ModelIdentity model() const override { return network_->identity(); }

  FrameResult analyze(const Frame& frame) override {
    const PixelView& pixels = frame.pixels();
    check_size(pixels);
    FrameResult result;
    switch (network_->spec().task) {
      case NetworkTask::kSegmentation:
        segment(pixels, result);
        break;
      case NetworkTask::kDetection:
        detect(pixels, result);
        break;
      default:
        measure(pixels, result);
    }
    return result;
  }

 private:
  void segment(const PixelView& pixels, FrameResult& result) {
    network_->segment(pixels, probability_);
    cv::Mat binary(probability_.size(), CV_8U), strength(probability_.size(), CV_16U);
    for (int y = 0; y < probability_.rows; ++y) {
      const auto* from = probability_.ptr<float>(y);
      auto* in = binary.ptr<std::uint8_t>(y);
      auto* strong = strength.ptr<std::uint16_t>(y);
      for (int x = 0; x < probability_.cols; ++x) {
        in[x] = static_cast<double>(from[x]) >= threshold_ ? 255 : 0;
        strong[x] = static_cast<std::uint16_t>(std::lround(static_cast<double>(from[x]) * kSixteenBits));
      }
    }
    regions_to_result(binary, strength, limits_, result);
  }

  void detect(const PixelView& pixels, FrameResult& result) {
    network_->detect(pixels, 0, boxes_);
    result.width = pixels.width;
    result.height = pixels.height;
    result.valid_px = std::int64_t{pixels.width} * pixels.height;
    cv::Mat covered = cv::Mat::zeros(pixels.height, pixels.width, CV_8U);
    for (const DetectedBox& box : boxes_) {
      Capillary capillary = capillary_of(box, pixels);
      const auto [x, y, width, height] = capillary.bbox;
      if (static_cast<double>(box.score) >= threshold_) {
        covered(cv::Rect(x, y, width, height)).setTo(255);
        result.capillaries.push_back(std::move(capillary));
      } else if (result.candidates.size() < most_boxes_) {
        result.candidates.push_back({capillary.bbox, box.score});
      }
    }
    // In the order of rows, as all results have them.
    std::stable_sort(result.capillaries.begin(), result.capillaries.end(), [](const auto& a, const auto& b) {
      return std::pair(a.bbox[1], a.bbox[0]) < std::pair(b.bbox[1], b.bbox[0]);
    });
    std::stable_sort(result.candidates.begin(), result.candidates.end(), [](const auto& a, const auto& b) {
      return std::pair(a.bbox[1], a.bbox[0]) < std::pair(b.bbox[1], b.bbox[0]);
    });
    result.density = static_cast<double>(cv::countNonZero(covered)) / static_cast<double>(result.valid_px);
    result.notes.emplace_back("outlines are boxes, as the network is a detector: areas and density are those of boxes");
  }

  void measure(const PixelView& pixels, FrameResult& result) {
    const auto& spec = network_->spec();
    const auto& names = spec.classes.empty() ? spec.names : spec.classes;
    const std::vector<double> numbers = network_->measure(pixels);
    for (std::size_t i = 0; i < names.size(); ++i) result.values[names[i]] = numbers[i];
  }

  std::unique_ptr<FrameNetwork> network_;
  const double threshold_;
  const std::size_t most_boxes_;
  const RegionLimits limits_;
  cv::Mat probability_;
  std::vector<DetectedBox> boxes_;
};

}  // namespace

std::unique_ptr<Analyzer> make_network_analyzer(std::unique_ptr<FrameNetwork> network, const Options& options) {
  return std::make_unique<NetworkAnalyzer>(std::move(network), options);
}

std::unique_ptr<Analyzer> make_model_analyzer(const Options& options) {
  if (!options.model.empty()) {
    NetworkFile file = load_network(options.model);
    if (task_of(file) != NetworkTask::kRegion) {
      return make_network_analyzer(std::make_unique<FrameNetwork>(std::move(file), options.inference_precision),
                                   options);
    }
  }
  return make_capillary_analyzer(options);
}

std::unique_ptr<Analyzer> make_named_model_analyzer(const Options& options) {
  Options named = options;
  named.model = options.analyzer.substr(std::string(kNamedPrefix).size());
  if (named.model.empty()) throw Error(ErrorKind::kUsage, "name a network's file, as in --analyzer model:unet.onnx");
  return make_model_analyzer(named);
}

}  // namespace capillaryx
