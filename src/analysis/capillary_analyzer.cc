// SPDX-License-Identifier: Apache-2.0
#include "analysis/capillary_analyzer.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

#include "analysis/classifier.h"
#include "analysis/density.h"
#include "analysis/doubts.h"
#include "analysis/frame_size.h"
#include "analysis/magnification.h"
#include "analysis/network.h"
#include "analysis/prevalence.h"
#include "analysis/proposer.h"
#include "analysis/resample.h"
#include "analysis/stage_pictures.h"

namespace capillaryx {
namespace {

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
        classifier_(options.model, options.inference_precision),
        threshold_(classifier_.spec().threshold.value_or(options.min_score)) {}

  std::string name() const override { return kCapillaryAnalyzer; }
  std::string version() const override { return kCapillaryAnalyzerVersion; }
  ModelIdentity model() const override { return classifier_.identity(); }

  FrameResult analyze(const Frame& frame) override {
    const PixelView& pixels = frame.pixels();
    check_size(pixels);
    if (options_.magnification > 0) return analyze_at(pixels, options_.magnification);
    FrameResult result = analyze_at(pixels, 1);
    // Regions that are far from the usual size ask for another grid; a second look corrects the first. A grid on
    // which hardly a capillary is found proves nothing: noise and debris have sizes too.
    double magnification = rounded_magnification(estimate_magnification(proposer_.found.rois, proposer_.darkness));
    for (int look = 0; look < kMostLooks && magnification != *result.magnification; ++look) {
      if (is_too_large(pixels, magnification)) break;
      FrameResult other = analyze_at(pixels, magnification);
      if (other.capillaries.size() < kFewest) break;
      result = std::move(other);
      magnification = rounded_magnification(*result.magnification *
                                            estimate_magnification(proposer_.found.rois, proposer_.darkness));
    }
    return result;
  }

 private:
  static constexpr int kMostLooks = 2;       // at other grids
  static constexpr std::size_t kFewest = 5;  // capillaries that another grid must find

  bool is_too_large(const PixelView& pixels, double magnification) const {
    return static_cast<double>(options_.max_pixels) * magnification * magnification <
           static_cast<double>(pixels.width) * pixels.height;
  }

  /// Analyses the frame on a grid on which its vessels are as large as the analysis is made for.
  FrameResult analyze_at(const PixelView& pixels, double magnification) {
    const auto side = [magnification](int length) {
      return std::max(static_cast<int>(length / magnification + 0.5), kSmallestSidePx);
    };
    if (is_too_large(pixels, magnification)) {
      throw std::runtime_error("at this magnification the frame is larger than max_pixels");
    }
    const PixelView grid =
        magnification == 1 ? pixels : resampler_.resample(pixels, side(pixels.width), side(pixels.height));
    FrameResult result = analyze_grid(grid);
    if (magnification != 1) scale_result(result, pixels.width, pixels.height);
    result.magnification = magnification;
    return result;
  }

  FrameResult analyze_grid(const PixelView& pixels) {
    FrameResult result;
    auto& stages_ms = result.timing.stages_ms;
    StopWatch watch;
    const auto after_stage = [&](const char* stage) { stages_ms[stage] = watch.lap_ms(); };
    proposer_.propose(pixels, options_, after_stage);
    // What is too faint for a capillary need not go through the network; contours need only what it takes for one.
    density_.measure_regions(proposer_, options_.min_depth);
    const double measuring_ms = watch.lap_ms();
    classifier_.classify(pixels, proposer_.reduced, proposer_.background, density_.rois(), proposer_.found.runs,
                         scores_);
    const auto undecided = static_cast<std::size_t>(std::count_if(scores_.begin(), scores_.end(), is_undecided));
    if (const auto usual_share = classifier_.spec().usual_share) {
      std::string note = fit_to_prevalence(*usual_share, options_.prior_regions, threshold_, scores_);
      if (!note.empty()) result.notes.push_back(std::move(note));
    }
    after_stage("classifier");
    density_.draw_chosen(proposer_, threshold_, scores_);
    density_.write_refused(scores_, result.candidates);
    density_.write(
        pixels, [this](std::size_t i) { return static_cast<double>(scores_[i]); }, result);
    add_doubts({.places = standing_out(proposer_.darkness),
                .regions = scores_.size(),
                .undecided = undecided,
                .capillaries = density_.chosen().size(),
                .typical_width_px = density_.typical_width_px()},
               result.notes);
    stages_ms["density"] = measuring_ms + watch.lap_ms();
    if (options_.stages) {
      result.stage_pictures =
          draw_stages(pixels, proposer_.background, proposer_.darkness, proposer_.ssim,
                      proposer_.ssim.structure_threshold(options_.min_structure), proposer_.found, result);
      after_stage("pictures");
    }
    return result;
  }

  const Options options_;
  Classifier classifier_;
  const double threshold_;  // a network's own, where its notes have one
  Proposer proposer_;
  std::vector<float> scores_;
  DensityStage density_;
  Resampler resampler_;
};

}  // namespace

std::unique_ptr<Analyzer> make_capillary_analyzer(const Options& options) {
  return std::make_unique<CapillaryAnalyzer>(options);
}

ModelIdentity shipped_model() { return shipped_identity(); }

}  // namespace capillaryx
