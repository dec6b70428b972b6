// SPDX-License-Identifier: Apache-2.0
// Every stage on one drawn 1920x1080 frame with 60 capillaries. Each benchmark repeats one stage on what the stages
// before it made.
#include <benchmark/benchmark.h>

#include "analysis/capillary_analyzer.h"
#include "analysis/classifier.h"
#include "analysis/density.h"
#include "analysis/proposer.h"
#include "analysis/test_frames.h"

namespace capillaryx {
namespace {

struct Stages : Proposer {
  test::Picture picture = test::tissue(1920, 1080, 60);
  Options options;
  DensityStage stage;
  std::vector<float> scores;

  Stages() { propose(picture.view(), options); }
  // With the largest reading of every place a capillary.
  double density() {
    stage.measure_regions(*this, options.min_depth);
    scores.assign(stage.rois().size(), 1);
    stage.draw_chosen(*this, 0.5, scores);
    FrameResult result;
    stage.write(
        picture.view(), [](std::size_t) { return 1.0; }, result);
    return result.density;
  }
};

Stages& stages() {
  static Stages made;
  return made;
}

void reduce(benchmark::State& state) {
  Stages& made = stages();  // outside of what is timed
  for (auto _ : state) reduce_frame(made.picture.view(), made.reduced);
}
void background(benchmark::State& state) {
  Stages& made = stages();  // outside of what is timed
  for (auto _ : state) made.background.fit(made.reduced, made.options);
}
void darkness(benchmark::State& state) {
  Stages& made = stages();  // outside of what is timed
  for (auto _ : state) measure_darkness(made.reduced, made.background, made.darkness);
}
void ssim(benchmark::State& state) {
  Stages& made = stages();  // outside of what is timed
  for (auto _ : state) made.ssim.measure(made.darkness, made.options.ssim_sigma_px);
}
void rois(benchmark::State& state) {
  Stages& made = stages();  // outside of what is timed
  for (auto _ : state) made.finder.find(made.darkness, made.ssim, made.options, made.found);
  state.counters["rois"] = static_cast<double>(made.found.rois.size());
}
void density(benchmark::State& state) {
  Stages& made = stages();  // outside of what is timed
  for (auto _ : state) benchmark::DoNotOptimize(made.density());
}
void classifier(benchmark::State& state) {
  Stages& made = stages();  // outside of what is timed
  Classifier network{std::string()};
  std::vector<float> scores;
  for (auto _ : state) {
    network.classify(made.picture.view(), made.reduced, made.background, made.found.rois, made.found.runs, scores);
  }
  state.counters["rois"] = static_cast<double>(scores.size());
}
void whole_frame(benchmark::State& state) {
  Stages& made = stages();  // outside of what is timed
  const auto analyzer = make_capillary_analyzer({});
  const Frame frame = made.picture.frame();
  for (auto _ : state) benchmark::DoNotOptimize(analyzer->analyze(frame));
}

BENCHMARK(reduce)->Unit(benchmark::kMillisecond);
BENCHMARK(background)->Unit(benchmark::kMillisecond);
BENCHMARK(darkness)->Unit(benchmark::kMillisecond);
BENCHMARK(ssim)->Unit(benchmark::kMillisecond);
BENCHMARK(rois)->Unit(benchmark::kMillisecond);
BENCHMARK(classifier)->Unit(benchmark::kMillisecond);
BENCHMARK(density)->Unit(benchmark::kMillisecond);
BENCHMARK(whole_frame)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace capillaryx
