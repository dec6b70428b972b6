// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <utility>
#include <vector>

#include "analysis/background.h"
#include "analysis/contour.h"
#include "analysis/darkness.h"
#include "analysis/reduced_frame.h"
#include "analysis/rois.h"
#include "analysis/ssim.h"
#include "comparators/binary_regions.h"
#include "comparators/comparators.h"

namespace capillaryx {
namespace {

/// Darkness, in spreads of the frame, that gets the score 1/2: an order, no probability.
constexpr double kHalfScoreSpreads = 9;

class BackgroundSsimAnalyzer : public Analyzer {
 public:
  explicit BackgroundSsimAnalyzer(const Options& options) : options_(options) {}

  std::string name() const override { return "background-ssim"; }
  std::string version() const override { return "1"; }
  ModelIdentity model() const override { return {}; }

  FrameResult analyze(const Frame& frame) override {
    const PixelView& pixels = frame.pixels();
    check_size(pixels);
    reduce_frame(pixels, reduced_);
    background_.fit(reduced_, options_);
    measure_darkness(reduced_, background_, darkness_);
    ssim_.measure(darkness_, options_.ssim_sigma_px);
    finder_.find(darkness_, ssim_, options_, rois_);

    FrameResult result;
    result.width = pixels.width;
    result.height = pixels.height;
    result.valid_px = static_cast<std::int64_t>(pixels.width) * pixels.height;
    runs_.clear();
    for (const Roi& roi : rois_.rois) {
      Capillary capillary;
      const double darkness = static_cast<double>(roi.darkness) / static_cast<double>(darkness_.spread);
      capillary.score = darkness / (darkness + kHalfScoreSpreads);
      if (contours_.find(pixels, background_, rois_, roi, options_.min_depth, capillary, runs_)) {
        result.capillaries.push_back(std::move(capillary));
      }
    }
    result.density = static_cast<double>(covered_px(runs_)) / static_cast<double>(result.valid_px);
    return result;
  }

 private:
  const Options options_;
  ReducedFrame reduced_;
  Background background_;
  Darkness darkness_;
  SsimMap ssim_;
  RoiFinder finder_;
  ContourFinder contours_;
  Rois rois_;
  std::vector<Run> runs_;
};

}  // namespace

std::unique_ptr<Analyzer> make_background_ssim_analyzer(const Options& options) {
  return std::make_unique<BackgroundSsimAnalyzer>(options);
}

}  // namespace capillaryx
