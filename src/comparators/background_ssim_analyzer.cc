// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <memory>
#include <vector>

#include "analysis/density.h"
#include "analysis/frame_size.h"
#include "analysis/proposer.h"
#include "comparators/comparators.h"

namespace capillaryx {
namespace {

/// Darkness, in spreads of the frame, that gets the score 1/2: an order, no probability.
constexpr double kHalfScoreRobustSds = 9;

/// Without a network, what meets at less than this is taken for two.
constexpr float kTwoUnder = 0.6F;

class BackgroundSsimAnalyzer : public Analyzer {
 public:
  explicit BackgroundSsimAnalyzer(const Options& options) : options_(options) {}

  std::string name() const override { return "background-ssim"; }
  std::string version() const override { return "3"; }
  ModelIdentity model() const override { return {}; }

  FrameResult analyze(const Frame& frame) override {
    const PixelView& pixels = frame.pixels();
    check_size(pixels);
    proposer_.propose(pixels, options_);
    FrameResult result;
    density_.measure_regions(proposer_, options_.min_depth);
    wholeness_.clear();
    for (const Roi& roi : density_.rois()) {
      wholeness_.push_back(roi.cohesion == 1 ? 0.1F : roi.cohesion < kTwoUnder ? 0.0F : 1.0F);
    }
    density_.draw_chosen(proposer_, 0, wholeness_);
    density_.write(
        pixels,
        [this](std::size_t i) {
          const double darkness =
              static_cast<double>(density_.rois()[i].darkness) / static_cast<double>(proposer_.darkness.robust_sd);
          return darkness / (darkness + kHalfScoreRobustSds);
        },
        result);
    return result;
  }

 private:
  const Options options_;
  Proposer proposer_;
  DensityStage density_;
  std::vector<float> wholeness_;
};

}  // namespace

std::unique_ptr<Analyzer> make_background_ssim_analyzer(const Options& options) {
  return std::make_unique<BackgroundSsimAnalyzer>(options);
}

}  // namespace capillaryx
