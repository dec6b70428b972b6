// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "capillaryx/executor.h"
#include "capillaryx/frame_source.h"
#include "capillaryx/pipeline.h"
#include "capillaryx/result_sink.h"
#include "sink/bootstrap.h"
#include "sink/percentiles.h"

namespace capillaryx {

/// Adds up results into a RunSummary; holds no more for more frames.
class RunCounts {
 public:
  /// `keep_unusable`: as Options::keep_unusable.
  explicit RunCounts(bool keep_unusable = false) : keep_unusable_(keep_unusable) {}

  void add(const FrameResult& result);
  std::int64_t frames() const { return summary_.frames; }
  RunSummary summary() const;

 private:
  bool keep_unusable_;
  RunSummary summary_;
  MeanSeries density_;
  Percentiles latency_ms_;
};

/// Called a few times a second while a run goes on, and once at its end.
using OnProgress = std::function<void(const Progress&)>;

/// Puts the frames of `source` through `executor` into `sink`: counts, holds results to frame order (Error kInternal
/// otherwise), calls `on_progress` from its own thread (may be empty), wakes a waiting source when `stop` is
/// requested. `counts` holds the frames that are there already; the source stands behind them.
/// Gives whether `stop` ended the run before the source did.
bool run_frames(FrameSource& source, Executor& executor, ResultSink& sink, RunCounts& counts, std::stop_token stop,
                const OnProgress& on_progress);

}  // namespace capillaryx
