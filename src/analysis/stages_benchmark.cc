// SPDX-License-Identifier: Apache-2.0
// Every stage on one drawn 1920x1080 frame with 60 capillaries. Each benchmark repeats one stage on what the stages
// before it made.
#include <benchmark/benchmark.h>

#include "analysis/capillary_analyzer.h"
#include "analysis/classifier.h"
#include "analysis/contour.h"
#include "analysis/test_frames.h"

namespace capillaryx {
namespace {

struct Stages {
  test::Picture picture = test::tissue(1920, 1080, 60);
  Options options;
  ReducedFrame reduced;
  Background background;
  Darkness darkness;
  SsimMap ssim;
  RoiFinder finder;
  Rois rois;
  ContourFinder contours;
  std::vector<capillaryx::Run> runs;

  Stages() {
    reduce_frame(picture.view(), reduced);
    background.fit(reduced, options);
    measure_darkness(reduced, background, darkness);
    ssim.measure(darkness, options.ssim_sigma_px);
    finder.find(darkness, ssim, options, rois);
  }
  double density() {
    runs.clear();
    for (const Roi& roi : rois.rois) {
      Capillary capillary;
      contours.find(picture.view(), background, rois, roi, options.min_depth, capillary, runs);
    }
    return static_cast<double>(covered_px(runs)) / (1920.0 * 1080);
  }
};

Stages& stages() {
  static Stages made;
  return made;
}

void reduce(benchmark::State& state) {
  for (auto _ : state) reduce_frame(stages().picture.view(), stages().reduced);
}
void background(benchmark::State& state) {
  for (auto _ : state) stages().background.fit(stages().reduced, stages().options);
}
void darkness(benchmark::State& state) {
  for (auto _ : state) measure_darkness(stages().reduced, stages().background, stages().darkness);
}
void ssim(benchmark::State& state) {
  for (auto _ : state) stages().ssim.measure(stages().darkness, stages().options.ssim_sigma_px);
}
void rois(benchmark::State& state) {
  for (auto _ : state) stages().finder.find(stages().darkness, stages().ssim, stages().options, stages().rois);
  state.counters["rois"] = static_cast<double>(stages().rois.rois.size());
}
void density(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(stages().density());
}
void classifier(benchmark::State& state) {
  Classifier network{std::string()};
  std::vector<float> scores;
  for (auto _ : state) network.classify(stages().picture.view(), stages().background, stages().rois.rois, scores);
  state.counters["rois"] = static_cast<double>(scores.size());
}
void whole_frame(benchmark::State& state) {
  const auto analyzer = make_capillary_analyzer({});
  const Frame frame = stages().picture.frame();
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
