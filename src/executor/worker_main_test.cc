// SPDX-License-Identifier: Apache-2.0
// The test program is its own worker program: started as `executor_test worker`, it is a worker whose analyzer does to
// chosen frames what options.analyzer says.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "executor/process_worker.h"
#include "executor/test_frames.h"

namespace capillaryx {
namespace {

using testing_frames::SumAnalyzer;

/// "sum" adds up; "DEED_N" does DEED at frames 4, 4 + N, 4 + 2 N, ...
std::unique_ptr<Analyzer> make_test_analyzer(const Options& options) {
  const std::string& name = options.analyzer;
  if (name == "broken") throw Error(ErrorKind::kModel, "no network");
  if (name == "dies_at_start") ::_exit(7);
  if (name == "hangs_at_start") std::this_thread::sleep_for(std::chrono::hours(1));
  const auto line = name.find('_');
  if (line == std::string::npos) return std::make_unique<SumAnalyzer>();
  const std::string deed = name.substr(0, line);
  const std::int64_t every = std::atoll(name.c_str() + line + 1);
  const auto kept = std::make_shared<std::deque<Frame>>();
  return std::make_unique<SumAnalyzer>([deed, every, kept](const Frame& frame, FrameResult& result) {
    if (frame.info().index < 0 || frame.info().index % every != 4 % every) return;
    if (deed == "throw") throw std::runtime_error("no skin in sight");
    if (deed == "crash") std::abort();
    if (deed == "exit") ::_exit(3);
    if (deed == "sleep") std::this_thread::sleep_for(std::chrono::hours(1));
    if (deed == "leak") {
      // NOLINTNEXTLINE: leaked on purpose, and written so that it is not optimised away
      for (int i = 0; i < 400; ++i) std::memset(new char[1 << 20], i, 1 << 20);
    }
    if (deed == "stages") {
      for (const char* stage : {"background", "ssim"}) {
        StagePicture picture{stage, 640, 480, 1, std::vector<std::uint8_t>(640 * 480)};
        for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
          picture.pixels[i] = static_cast<std::uint8_t>(i * 31 + static_cast<std::size_t>(frame.info().index));
        }
        result.stage_pictures.push_back(std::move(picture));
      }
    }
    if (deed == "capillaries") {
      for (int i = 0; i < 3000; ++i) {
        result.capillaries.push_back({{i, 2, 3, 4}, {0.5F, 1.25F, 2, 3, 4, static_cast<float>(i)}, 12, 0.75});
      }
    }
    if (deed == "keep") {
      // Holds on to two frames' pixels and checks that they stay as they were.
      kept->push_back(frame);
      if (kept->size() > 2) {
        const Frame oldest = kept->front();
        kept->pop_front();
        FrameResult again = SumAnalyzer().analyze(oldest);
        result.values["oldest"] = again.values["sum"];
        result.values["oldest_index"] = static_cast<double>(oldest.info().index);
      }
    }
    if (deed == "opens") {
      result.values["opened"] = ::access("/etc/passwd", R_OK) == 0 ? 1 : 0;
    }
  });
}

}  // namespace
}  // namespace capillaryx

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "worker") {
    return capillaryx::run_worker_program(capillaryx::make_test_analyzer).value_or(2);
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
