// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "capillaryx/analyzer.h"
#include "capillaryx/frame_source.h"
#include "capillaryx/result_sink.h"
#include "image/image.h"
#include "quality/quality.h"

namespace capillaryx {

/// A result as everybody but an Analyzer makes it: `info` filled in, nothing found.
FrameResult empty_result(const FrameInfo& info, Status status, std::string error);

/// What one worker does with one frame, whichever executor and whichever kind of worker: read, decode, analyse, draw
/// the overlay. One per worker, one call at a time.
class FrameWorker {
 public:
  FrameWorker(std::unique_ptr<Analyzer> analyzer, const Options& options);

  /// What the frame or the analyzer does wrong is the result's `failed`. `files` are written from their start (pwrite)
  /// and cut to length, only if the frame is ok. Throws Error (kOutput) if one cannot be written.
  FrameResult run(const Frame& frame, const FrameFiles& files);

  /// Finds out what a file is; one that is damaged or no picture gives the reason.
  Probed probe(const OpenFile& file);

  /// The last frame or probe failed as there was no memory: a worker with a memory limit is better started again.
  bool out_of_memory() const { return out_of_memory_; }

  const Analyzer& analyzer() const { return *analyzer_; }

 private:
  FrameResult analyze(const Frame& frame, Frame& decoded, std::string& sha256, ImageFacts& facts,
                      std::map<std::string, double>& stages_ms);
  void take_facts(ImageFacts facts, FrameResult& result) const;
  void draw(const PixelView& pixels, const FrameResult& result, const OpenFile& overlay);

  std::unique_ptr<Analyzer> analyzer_;
  ImageReader reader_;
  QualityMeter quality_;
  Options options_;
  std::vector<std::uint8_t> overlay_pixels_, jpeg_memory_;
  bool out_of_memory_ = false;
};

/// A worker with an analyzer of `factory`. Throws what the factory throws where that is an Error, else Error
/// (kExecutor).
std::unique_ptr<FrameWorker> make_frame_worker(const AnalyzerFactory& factory, const Options& options);

}  // namespace capillaryx
