// SPDX-License-Identifier: Apache-2.0
#include "cli/model_check.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "capillaryx/error.h"
#include "cli/commands.h"
#include "image/image.h"
#include "networks/network_analyzer.h"
#include "overlay/overlay.h"

namespace capillaryx::cli {
namespace {

constexpr int kTimedRuns = 3;
constexpr int kNoiseWidth = 1280, kNoiseHeight = 720;

Frame read_picture(const std::string& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) throw Error(ErrorKind::kInput, file + ": cannot be opened");
  std::string sha256;
  try {
    return ImageReader(Options().max_pixels)
        .read(Frame::from_file({0, file, {}, {}}, std::make_shared<OpenFile>(descriptor)), sha256);
  } catch (const ImageError& error) {
    throw Error(ErrorKind::kInput, fmt::format("{}: {}", file, error.what()));
  }
}

Frame noise() {
  auto pixels = std::make_shared<std::vector<std::uint8_t>>(std::size_t{3} * kNoiseWidth * kNoiseHeight);
  std::mt19937 random(1);
  for (std::uint8_t& pixel : *pixels) pixel = static_cast<std::uint8_t>(random() % 256);
  return Frame::from_pixels({}, {pixels->data(), kNoiseWidth, kNoiseHeight, 3, std::ptrdiff_t{3} * kNoiseWidth},
                            pixels);
}

void write_drawn(const Frame& frame, const FrameResult& result, const std::string& file) {
  std::vector<std::uint8_t> rgb;
  draw_overlay(frame.pixels(), result, rgb);
  const std::vector<std::uint8_t> png = encode_png(
      {rgb.data(), frame.pixels().width, frame.pixels().height, 3, std::ptrdiff_t{3} * frame.pixels().width});
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(png.data()), static_cast<std::streamsize>(png.size()));
  if (!stream.flush()) throw Error(ErrorKind::kOutput, file + ": cannot be written");
}

}  // namespace

int check_frame_network(const CheckArguments& arguments) {
  using Clock = std::chrono::steady_clock;
  const auto ms_since = [](Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  };
  if (arguments.picture.empty() && !arguments.output.empty()) {
    throw Error(ErrorKind::kUsage, "name a PICTURE to draw the result on");
  }
  const auto start = Clock::now();
  auto network = std::make_unique<FrameNetwork>(arguments.file, InferencePrecision::kF32);
  const double load_ms = ms_since(start);
  const std::string said = network->describe();
  std::fputs(said.c_str(), stdout);
  const auto analyzer = make_network_analyzer(std::move(network), Options());
  const bool own = !arguments.picture.empty();
  const Frame frame = own ? read_picture(arguments.picture) : noise();
  FrameResult result;
  double best_ms = 1e300;
  for (int i = 0; i < kTimedRuns; ++i) {
    const auto begin = Clock::now();
    try {
      result = analyzer->analyze(frame);
    } catch (const std::runtime_error& error) {
      throw Error(ErrorKind::kModel, fmt::format("{}: {}", arguments.file, error.what()));
    }
    best_ms = std::min(best_ms, ms_since(begin));
  }
  std::string text = fmt::format(
      "loads in     {:.0f} ms\nruns in      {:.1f} ms per frame of {}x{} pixels (least of {} "
      "runs, one thread)\n",
      load_ms, best_ms, frame.pixels().width, frame.pixels().height, kTimedRuns);
  const std::string where = own ? "found" : "on noise";
  for (const auto& [name, value] : result.values) text += fmt::format("{:12} {} {:.6g}\n", where, name, value);
  if (result.valid_px > 0) {
    text += fmt::format("{:12} {} capillaries, density {:.4f}\n", where, result.capillaries.size(), result.density);
  }
  if (!arguments.output.empty()) {
    write_drawn(frame, result, arguments.output);
    text += fmt::format("drawn        {}\n", arguments.output);
  }
  text += fmt::format("usable: capillaryx analyze INPUT -o DIR --model {}\n", arguments.file);
  std::fputs(text.c_str(), stdout);
  return kAllAnalysed;
}

}  // namespace capillaryx::cli
