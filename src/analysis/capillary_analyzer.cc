// SPDX-License-Identifier: Apache-2.0
#include "analysis/capillary_analyzer.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

#include "analysis/classifier.h"
#include "analysis/density.h"
#include "analysis/doubts.h"
#include "analysis/frame_size.h"
#include "analysis/network.h"
#include "analysis/prevalence.h"
#include "analysis/proposer.h"
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

 private:
  const Options options_;
  Classifier classifier_;
  const double threshold_;  // a network's own, where its notes have one
  Proposer proposer_;
  std::vector<float> scores_;
  DensityStage density_;
};

}  // namespace

std::unique_ptr<Analyzer> make_capillary_analyzer(const Options& options) {
  return std::make_unique<CapillaryAnalyzer>(options);
}

ModelIdentity shipped_model() { return shipped_identity(); }

}  // namespace capillaryx
