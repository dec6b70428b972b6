// SPDX-License-Identifier: Apache-2.0
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "comparators/binary_regions.h"
#include "comparators/comparators.h"

namespace capillaryx {
namespace {

// OpenCV's own defaults would be a clip limit of 40, which leaves the noise as high as the vessels.
constexpr double kClipLimit = 2;
constexpr int kTiles = 8;  ///< along each side
constexpr double kGaussianSigmaPx = 2;

class ClaheOtsuAnalyzer : public Analyzer {
 public:
  explicit ClaheOtsuAnalyzer(const Options& options)
      : limits_{options.min_area_px, options.max_area_px, options.max_length_px} {}

  std::string name() const override { return "clahe-otsu"; }
  std::string version() const override { return "1"; }
  ModelIdentity model() const override { return {}; }

  FrameResult analyze(const Frame& frame) override {
    cv::Mat even, smooth, binary;
    cv::createCLAHE(kClipLimit, {kTiles, kTiles})->apply(dark_as_bright(frame), even);
    cv::GaussianBlur(even, smooth, {}, kGaussianSigmaPx);
    cv::threshold(smooth, binary, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
    FrameResult result;
    regions_to_result(binary, smooth, limits_, result);
    return result;
  }

 private:
  const RegionLimits limits_;
};

}  // namespace

std::unique_ptr<Analyzer> make_clahe_otsu_analyzer(const Options& options) {
  return std::make_unique<ClaheOtsuAnalyzer>(options);
}

}  // namespace capillaryx
