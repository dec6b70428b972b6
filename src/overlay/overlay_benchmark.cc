// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "overlay/overlay.h"

namespace capillaryx {
namespace {

void overlay(benchmark::State& state) {
  const std::vector<std::uint8_t> pixels(1920 * 1080 * 3, 120);
  FrameResult result;
  for (int i = 0; i < 60; ++i) {
    const int x = 40 + i % 10 * 180, y = 40 + i / 10 * 160;
    const auto fx = static_cast<float>(x), fy = static_cast<float>(y);
    result.capillaries.push_back(
        {{x, y, 60, 40}, {fx, fy, fx + 60, fy + 10, fx + 55, fy + 40, fx + 5, fy + 35}, 1800, 0.9});
  }
  std::vector<std::uint8_t> rgb;
  for (auto _ : state) draw_overlay({pixels.data(), 1920, 1080, 3, 1920 * 3}, result, rgb);
}
BENCHMARK(overlay)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace capillaryx
