// SPDX-License-Identifier: Apache-2.0
// Another algorithm on every core: counts the bright pixels of every frame. Built two ways (CMakeLists.txt):
//   my_analyzer FRAMES RESULTS                                              a separate program
//   capillaryx analyze FRAMES -o RESULTS --analyzer lib:./my_analyzer.so    a library that capillaryx loads
#include <capillaryx/analyzer.h>
#include <capillaryx/pipeline.h>

#include <algorithm>
#include <cstdio>

namespace {

class BrightPixels : public capillaryx::Analyzer {
 public:
  std::string name() const override { return "bright_pixels"; }
  std::string version() const override { return "1"; }
  capillaryx::ModelIdentity model() const override { return {}; }

  capillaryx::FrameResult analyze(const capillaryx::Frame& frame) override {
    const capillaryx::PixelView& pixels = frame.pixels();
    const int row_bytes = pixels.width * pixels.channels;
    std::int64_t bright = 0;
    for (int y = 0; y < pixels.height; ++y) {
      for (int x = 0; x < row_bytes; x += pixels.channels) {
        const std::uint8_t* pixel = pixels.row(y) + x;
        bright += *std::max_element(pixel, pixel + pixels.channels) >= 250 ? 1 : 0;
      }
    }
    capillaryx::FrameResult result;
    result.values["bright_px"] = static_cast<double>(bright);
    return result;
  }
};

std::unique_ptr<capillaryx::Analyzer> make(const capillaryx::Options&) { return std::make_unique<BrightPixels>(); }

}  // namespace

CAPILLARYX_ANALYZER_LIBRARY(make)

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: my_analyzer FRAMES RESULTS\n"), 2;
  capillaryx::register_analyzer("bright_pixels", make);
  capillaryx::Options options;
  options.analyzer = "bright_pixels";
  options.worker_kind = capillaryx::WorkerKind::kThread;  // the algorithm is in this process
  const capillaryx::RunSummary summary = capillaryx::Pipeline(options).run({argv[1]}, argv[2]);
  std::printf("%d frames, %d of them failed\n", static_cast<int>(summary.frames), static_cast<int>(summary.failed));
  return summary.failed == 0 ? 0 : 3;
} catch (const capillaryx::Error& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}
