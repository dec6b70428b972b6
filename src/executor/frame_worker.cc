// SPDX-License-Identifier: Apache-2.0
#include "executor/frame_worker.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>
#include <utility>

#include "capillaryx/error.h"
#include "overlay/overlay.h"
#include "probe/probe.h"

namespace capillaryx {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Throws where a number of the result is not finite: no file format of ours has a word for it.
void check_finite(const FrameResult& result) {
  const auto check = [](double value, const std::string& what) {
    if (!std::isfinite(value)) throw std::runtime_error("the analyzer gave " + what + " that is not a finite number");
  };
  check(result.density, "a density");
  for (const auto& [name, value] : result.values) check(value, "the value '" + name + "'");
  for (const auto& capillary : result.capillaries) {
    check(capillary.score, "a score");
    for (const float coordinate : capillary.polygon) check(coordinate, "a coordinate");
  }
}

void write_file(const OpenFile& file, std::span<const std::uint8_t> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto written =
        ::pwrite(file.descriptor(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0)
      throw Error(ErrorKind::kOutput, std::string("the picture of a frame cannot be written: ") + std::strerror(errno));
    done += static_cast<std::size_t>(written);
  }
  // A try before this one may have left a longer picture.
  if (::ftruncate(file.descriptor(), static_cast<off_t>(bytes.size())) != 0) {
    throw Error(ErrorKind::kOutput, std::string("the picture of a frame cannot be written: ") + std::strerror(errno));
  }
}

}  // namespace

FrameResult empty_result(const FrameInfo& info, Status status, std::string error) {
  FrameResult result;
  result.index = info.index;
  result.source = info.source;
  result.file = info.file;
  result.page = info.page;
  result.input = info.input;
  result.time_s = info.time_s;
  result.status = status;
  result.error = std::move(error);
  return result;
}

FrameWorker::FrameWorker(std::unique_ptr<Analyzer> analyzer, const Options& options)
    : analyzer_(std::move(analyzer)),
      reader_(options.max_pixels),
      quality_(parse_roi(options.roi)),
      options_(options) {}

FrameResult FrameWorker::analyze(const Frame& frame, Frame& decoded, std::string& sha256, ImageFacts& facts,
                                 std::map<std::string, double>& stages_ms) {
  if (!frame.error().empty()) throw ImageError(frame.error());
  const auto start = Clock::now();
  decoded = reader_.read(frame, sha256, facts);
  stages_ms["read"] = ms_since(start);
  FrameResult result = analyzer_->analyze(decoded);
  check_finite(result);
  // An algorithm without valid pixels measures no microcirculation.
  if (result.valid_px > 0) {
    const auto quality_start = Clock::now();
    quality_.complete(decoded.pixels(), result);
    stages_ms["quality"] = ms_since(quality_start);
  }
  return result;
}

/// What decoding found goes into the result. A scale that the user gave wins over the file's; what the probe found of a
/// file with several pictures over what one page says.
void FrameWorker::take_facts(ImageFacts facts, FrameResult& result) const {
  if (const auto& input = result.input) {
    facts.value_range = input->value_range;
    facts.scale_um_per_px = input->scale_um_per_px;
    facts.scale_from = input->scale_from;
    facts.magnification = input->magnification;
  }
  result.value_range = facts.value_range;
  result.magnification = facts.magnification;
  result.scale_um_per_px = options_.scale_um_per_px ? options_.scale_um_per_px : facts.scale_um_per_px;
  if (result.scale_um_per_px) result.scale_from = options_.scale_um_per_px ? kScaleFromOption : facts.scale_from;
  result.notes = std::move(facts.notes);
}

void FrameWorker::draw(const PixelView& pixels, const FrameResult& result, const OpenFile& overlay) {
  draw_overlay(pixels, result, overlay_pixels_);
  const PixelView drawn{overlay_pixels_.data(), result.width, result.height, 3,
                        static_cast<std::ptrdiff_t>(result.width) * 3};
  if (options_.overlay_format == OverlayFormat::kPng) {
    write_file(overlay, encode_png(drawn));
  } else {
    write_file(overlay, encode_jpeg(drawn, kJpegQuality, jpeg_memory_));
  }
}

FrameResult FrameWorker::run(const Frame& frame, const FrameFiles& files) {
  const auto start = Clock::now();
  out_of_memory_ = false;
  Frame decoded;
  std::string sha256;
  ImageFacts facts;
  std::map<std::string, double> stages_ms;
  FrameResult result;
  std::string error;
  try {
    result = analyze(frame, decoded, sha256, facts, stages_ms);
    stages_ms.merge(result.timing.stages_ms);
  } catch (const std::bad_alloc&) {
    out_of_memory_ = true;
    error = "out of memory";
  } catch (const std::exception& exception) {
    error = *exception.what() != '\0' ? exception.what() : "the analyzer gave no reason";
  } catch (...) {
    error = "the analyzer threw something that is no std::exception";
  }

  if (!error.empty()) result = FrameResult{};
  FrameResult whole = empty_result(frame.info(), error.empty() ? Status::kOk : Status::kFailed, error);
  whole.sha256 = std::move(sha256);
  whole.width = decoded.pixels().width;
  whole.height = decoded.pixels().height;
  take_facts(std::move(facts), whole);
  whole.capillaries = std::move(result.capillaries);
  whole.candidates = std::move(result.candidates);
  if (result.magnification) whole.magnification = result.magnification;
  whole.quality = std::move(result.quality);
  whole.landmarks = std::move(result.landmarks);
  whole.notes.insert(whole.notes.end(), result.notes.begin(), result.notes.end());
  whole.density = result.density;
  whole.valid_px = result.valid_px;
  whole.values = std::move(result.values);
  whole.stage_pictures = std::move(result.stage_pictures);

  if (files.overlay && whole.status == Status::kOk) {
    const auto overlay_start = Clock::now();
    draw(decoded.pixels(), whole, *files.overlay);
    stages_ms["overlay"] = ms_since(overlay_start);
  }
  if (files.picture && whole.status == Status::kOk) {
    const auto picture_start = Clock::now();
    write_file(*files.picture, encode_jpeg(decoded.pixels(), kJpegQuality, jpeg_memory_));
    stages_ms["picture"] = ms_since(picture_start);
  }
  whole.timing.stages_ms = std::move(stages_ms);
  whole.timing.total_ms = ms_since(start);
  return whole;
}

Probed FrameWorker::probe(const OpenFile& file) {
  out_of_memory_ = false;
  try {
    return {std::make_shared<const InputInfo>(probe_file(file, options_.max_pixels)), ""};
  } catch (const std::bad_alloc&) {
    out_of_memory_ = true;
    return {nullptr, "out of memory"};
  } catch (const std::exception& error) {
    return {nullptr, *error.what() != '\0' ? error.what() : "the file cannot be read"};
  }
}

std::unique_ptr<FrameWorker> make_frame_worker(const AnalyzerFactory& factory, const Options& options) {
  std::unique_ptr<Analyzer> analyzer;
  try {
    analyzer = factory(options);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& exception) {
    throw Error(ErrorKind::kExecutor, std::string("the analyzer cannot be started: ") + exception.what());
  }
  if (!analyzer) throw Error(ErrorKind::kExecutor, "the analyzer cannot be started: its factory made none");
  return std::make_unique<FrameWorker>(std::move(analyzer), options);
}

}  // namespace capillaryx
