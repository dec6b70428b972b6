// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "capillaryx/frame.h"
#include "capillaryx/frame_result.h"

namespace capillaryx {

/// Writable files that the worker fills for one frame; null for a picture that is not wanted. Both are filled only if
/// the frame is ok.
struct FrameFiles {
  std::shared_ptr<const OpenFile> overlay;  ///< the frame with what was found drawn on it
  std::shared_ptr<const OpenFile> picture;  ///< the frame as decoded, as a JPEG
};

/// Takes the results of a run, in frame order.
/// Threads: the executor calls it from the one thread that runs Executor::run.
class ResultSink {
 public:
  virtual ~ResultSink() = default;

  /// The files that the worker is to fill for this frame; none by default. Called once for each frame before it is
  /// handed to a worker, in frame order.
  virtual FrameFiles files(const FrameInfo& frame);

  /// One result. Indices come as 0, 1, 2, ... (or on from where a resumed run stood). Throws Error (kOutput) where it
  /// cannot be kept; the run then ends.
  virtual void write(FrameResult result) = 0;
};

/// Hands each result to a function.
class CallbackSink : public ResultSink {
 public:
  explicit CallbackSink(std::function<void(FrameResult)> callback) : callback_(std::move(callback)) {}
  void write(FrameResult result) override { callback_(std::move(result)); }

 private:
  std::function<void(FrameResult)> callback_;
};

}  // namespace capillaryx
