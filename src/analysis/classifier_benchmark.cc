// SPDX-License-Identifier: Apache-2.0
// What the network costs: making its input and running it for 100 regions of a 1920x1080 frame, and its start.
#include <benchmark/benchmark.h>

#include <random>

#include "analysis/classifier.h"
#include "analysis/network_input.h"
#include "analysis/reduced_frame.h"

namespace capillaryx {
namespace {

constexpr int kWidth = 1920, kHeight = 1080, kRegions = 100;

struct Noise {
  Noise() : pixels(std::size_t{kWidth} * kHeight * 3) {
    std::mt19937 random(1);
    for (auto& value : pixels) value = static_cast<std::uint8_t>(120 + random() % 40);
    view = {pixels.data(), kWidth, kHeight, 3, std::ptrdiff_t{kWidth} * 3};
    reduce_frame(view, reduced);
    background.fit(reduced, Options{});
    for (int i = 0; i < kRegions; ++i) {
      Roi roi;
      roi.width = 20 + i % 50;
      roi.height = 20 + i * 7 % 50;
      roi.x = i * 379 % (kWidth - roi.width);
      roi.y = i * 211 % (kHeight - roi.height);
      roi.first_run = static_cast<int>(runs.size());
      roi.run_count = roi.height;
      for (int y = 0; y < roi.height; ++y) runs.push_back({roi.x, roi.y + y, roi.width});
      rois.push_back(roi);
    }
  }
  std::vector<std::uint8_t> pixels;
  PixelView view;
  ReducedFrame reduced;
  Background background;
  std::vector<Roi> rois;
  std::vector<Run> runs;
};

void BM_NetworkInputOf100Regions(benchmark::State& state) {
  const Noise noise;
  const Classifier classifier("");
  NetworkInputMaker maker(classifier.spec());
  std::vector<float> input(static_cast<std::size_t>(classifier.spec().input_size()));
  for (auto _ : state) {
    maker.start(noise.view, noise.reduced, noise.background, noise.runs);
    for (const Roi& roi : noise.rois) maker.fill(roi, input);
    benchmark::DoNotOptimize(input.data());
  }
}
BENCHMARK(BM_NetworkInputOf100Regions)->Unit(benchmark::kMillisecond);

void BM_NetworkOver100Regions(benchmark::State& state) {
  Classifier classifier("");
  const std::vector<float> inputs(static_cast<std::size_t>(classifier.spec().input_size()) * kRegions, 0.5F);
  std::vector<float> scores;
  for (auto _ : state) {
    classifier.classify(inputs, scores);
    benchmark::DoNotOptimize(scores.data());
  }
}
BENCHMARK(BM_NetworkOver100Regions)->Unit(benchmark::kMillisecond);

void BM_ClassifierOver100Regions(benchmark::State& state) {
  const Noise noise;
  Classifier classifier("");
  std::vector<float> scores;
  for (auto _ : state) {
    classifier.classify(noise.view, noise.reduced, noise.background, noise.rois, noise.runs, scores);
    benchmark::DoNotOptimize(scores.data());
  }
}
BENCHMARK(BM_ClassifierOver100Regions)->Unit(benchmark::kMillisecond);

void BM_ClassifierStart(benchmark::State& state) {
  for (auto _ : state) {
    const Classifier classifier("");
    benchmark::DoNotOptimize(classifier.spec().width);
  }
}
BENCHMARK(BM_ClassifierStart)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace capillaryx
