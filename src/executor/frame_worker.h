// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "capillaryx/analyzer.h"
#include "image/image.h"

namespace capillaryx {

/// What one worker does with one frame, whichever executor and whichever kind of worker: read, decode, analyse, draw
/// the overlay. Never throws for what a frame does: that is the result's `failed`. One per worker, one call at a time.
class FrameWorker {
 public:
  FrameWorker(std::unique_ptr<Analyzer> analyzer, const Options& options);

  /// `overlay` may be null; it is written from its start (pwrite), cut to length, only where the frame is ok.
  FrameResult run(const Frame& frame, const OpenFile* overlay);

 private:
  std::unique_ptr<Analyzer> analyzer_;
  ImageReader reader_;
  Options options_;
  std::vector<std::uint8_t> overlay_pixels_;
};

}  // namespace capillaryx
