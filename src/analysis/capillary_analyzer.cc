// SPDX-License-Identifier: Apache-2.0
#include "analysis/capillary_analyzer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <utility>

#include "analysis/background.h"
#include "analysis/classifier.h"
#include "analysis/contour.h"
#include "analysis/darkness.h"
#include "analysis/network.h"
#include "analysis/reduced_frame.h"
#include "analysis/rois.h"
#include "analysis/ssim.h"
#include "analysis/stage_pictures.h"

namespace capillaryx {
namespace {

constexpr int kSmallestSidePx = 64;

/// Milliseconds between one call and the next.
class StopWatch {
 public:
  double lap_ms() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double, std::milli>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

class CapillaryAnalyzer : public Analyzer {
 public:
  explicit CapillaryAnalyzer(const Options& options)
      : options_(options),
        classifier_(options.model),
        threshold_(classifier_.spec().threshold.value_or(options.min_score)) {}

  std::string name() const override { return kCapillaryAnalyzer; }
  std::string version() const override { return kCapillaryAnalyzerVersion; }
  ModelIdentity model() const override { return classifier_.identity(); }

  FrameResult analyze(const Frame& frame) override {
    const PixelView& pixels = frame.pixels();
    if (pixels.width < kSmallestSidePx || pixels.height < kSmallestSidePx) {
      throw std::runtime_error(fmt::format("the frame has {} x {} px; the smallest that can be analysed has {} x {}",
                                           pixels.width, pixels.height, kSmallestSidePx, kSmallestSidePx));
    }
    FrameResult result;
    auto& stages_ms = result.timing.stages_ms;
    StopWatch watch;
    reduce_frame(pixels, reduced_);
    stages_ms["reduce"] = watch.lap_ms();
    background_.fit(reduced_, options_);
    stages_ms["background"] = watch.lap_ms();
    measure_darkness(reduced_, background_, darkness_);
    stages_ms["darkness"] = watch.lap_ms();
    ssim_.measure(darkness_, options_.ssim_sigma_px);
    stages_ms["ssim"] = watch.lap_ms();
    finder_.find(darkness_, ssim_, options_, rois_);
    stages_ms["rois"] = watch.lap_ms();
    classifier_.classify(pixels, background_, rois_.rois, scores_);
    stages_ms["classifier"] = watch.lap_ms();
    accept(pixels, result);
    stages_ms["density"] = watch.lap_ms();
    if (options_.stages) {
      result.stage_pictures = draw_stages(pixels, background_, darkness_, ssim_,
                                          ssim_.structure_threshold(options_.min_structure), rois_, result);
      stages_ms["pictures"] = watch.lap_ms();
    }
    return result;
  }

 private:
  void accept(const PixelView& pixels, FrameResult& result) {
    result.width = pixels.width;
    result.height = pixels.height;
    result.valid_px = static_cast<std::int64_t>(pixels.width) * pixels.height;
    runs_.clear();
    for (std::size_t i = 0; i < rois_.rois.size(); ++i) {
      if (static_cast<double>(scores_[i]) < threshold_) continue;
      Capillary capillary;
      capillary.score = static_cast<double>(scores_[i]);
      if (contours_.find(pixels, background_, rois_, rois_.rois[i], options_.min_depth, capillary, runs_)) {
        result.capillaries.push_back(std::move(capillary));
      }
    }
    // Paper, III-A: the pixels within the contours, each once, over all pixels.
    result.density = static_cast<double>(covered_px(runs_)) / static_cast<double>(result.valid_px);
  }

  const Options options_;
  Classifier classifier_;
  const double threshold_;  // a network's own, where its notes have one
  ReducedFrame reduced_;
  Background background_;
  Darkness darkness_;
  SsimMap ssim_;
  RoiFinder finder_;
  ContourFinder contours_;
  Rois rois_;
  std::vector<float> scores_;
  std::vector<Run> runs_;
};

}  // namespace

std::unique_ptr<Analyzer> make_capillary_analyzer(const Options& options) {
  return std::make_unique<CapillaryAnalyzer>(options);
}

ModelIdentity shipped_model() { return shipped_identity(); }

}  // namespace capillaryx
