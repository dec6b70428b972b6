// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "comparators/binary_regions.h"
#include "comparators/comparators.h"
#include "comparators/skeleton.h"

namespace capillaryx {
namespace {

constexpr int kTopHatPx = 31;  ///< side of the square: wider than a limb or a hairpin, narrower than shade
constexpr int kWienerPx = 5;
constexpr double kGaussianSigmaPx = 2;
constexpr int kMinSkeletonPx = 15;  ///< shorter than half of the shortest capillary here is a speck

/// The Wiener filter for noise that is the same everywhere: every value is drawn towards the mean around it, the more
/// the less its surroundings vary (Lim 1990, Eq. 9.26 to 9.29); the noise is the mean of those variances.
cv::Mat wiener(const cv::Mat& picture, int side_px) {
  cv::Mat values, mean, square;
  picture.convertTo(values, CV_32F);
  cv::boxFilter(values, mean, CV_32F, {side_px, side_px});
  cv::sqrBoxFilter(values, square, CV_32F, {side_px, side_px});
  cv::Mat variance = cv::max(square - mean.mul(mean), 0);
  const double noise = cv::mean(variance)[0];
  cv::Mat signal = cv::max(variance - noise, 0);
  cv::Mat filtered = mean + (values - mean).mul(signal / cv::max(variance, std::max(noise, 1e-6)));
  filtered.convertTo(filtered, CV_8U);
  return filtered;
}

/// Takes the regions of `binary` away whose skeleton is short, and returns the lengths of the others.
int keep_long(cv::Mat& binary) {
  const cv::Mat lines = skeleton_of(binary);
  cv::Mat labels;
  std::vector<int> length_px(static_cast<std::size_t>(cv::connectedComponents(binary, labels, 8, CV_32S)), 0);
  for (int y = 0; y < binary.rows; ++y) {
    for (int x = 0; x < binary.cols; ++x) {
      length_px[static_cast<std::size_t>(labels.at<int>(y, x))] += lines.at<std::uint8_t>(y, x) != 0 ? 1 : 0;
    }
  }
  int total_px = 0;
  length_px[0] = 0;  // what is no region
  for (int& length : length_px) {
    if (length < kMinSkeletonPx) length = 0;
    total_px += length;
  }
  for (int y = 0; y < binary.rows; ++y) {
    for (int x = 0; x < binary.cols; ++x) {
      if (length_px[static_cast<std::size_t>(labels.at<int>(y, x))] == 0) binary.at<std::uint8_t>(y, x) = 0;
    }
  }
  return total_px;
}

class TophatSkeletonAnalyzer : public Analyzer {
 public:
  explicit TophatSkeletonAnalyzer(const Options& options)
      : limits_{options.min_area_px, options.max_area_px, options.max_length_px} {}

  std::string name() const override { return "tophat-skeleton"; }
  std::string version() const override { return "1"; }
  ModelIdentity model() const override { return {}; }

  FrameResult analyze(const Frame& frame) override {
    const cv::Mat bright = dark_as_bright(frame);
    cv::Mat even, smooth, binary;
    cv::morphologyEx(bright, even, cv::MORPH_TOPHAT, cv::getStructuringElement(cv::MORPH_RECT, {kTopHatPx, kTopHatPx}));
    cv::GaussianBlur(wiener(even, kWienerPx), smooth, {}, kGaussianSigmaPx);
    cv::threshold(smooth, binary, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
    FrameResult result;
    result.values["skeleton_px"] = keep_long(binary);
    regions_to_result(binary, smooth, limits_, result);
    return result;
  }

 private:
  const RegionLimits limits_;
};

}  // namespace

std::unique_ptr<Analyzer> make_tophat_skeleton_analyzer(const Options& options) {
  return std::make_unique<TophatSkeletonAnalyzer>(options);
}

}  // namespace capillaryx
