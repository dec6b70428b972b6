// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "capillaryx/analyzer.h"
#include "capillaryx/frame_source.h"
#include "capillaryx/options.h"
#include "capillaryx/result_sink.h"

namespace capillaryx {

/// What a run stands at; a copy, taken at one moment.
struct ExecutorStatus {
  std::int64_t frames_submitted = 0;
  std::int64_t frames_ok = 0;
  std::int64_t frames_failed = 0;
  std::int64_t frames_dropped = 0;
  std::int64_t retries = 0;
  int workers_ready = 0;
  int workers_busy = 0;
  std::int64_t worker_deaths = 0;
  std::int64_t frames_in_flight = 0;
  std::string warning;  ///< what the user should know, e.g. that workers cannot be sandboxed here; empty otherwise

  std::int64_t frames_done() const { return frames_ok + frames_failed + frames_dropped; }
};

/// Runs an analyzer over the frames of a source: reads and decodes each in a worker, analyses it, draws its overlay,
/// and gives the results to the sink in frame order whatever order they were made in.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Runs until the source ends or `stop` is requested (frames already in flight are then finished and written).
  /// Throws Error where the run cannot go on; results written until then are whole.
  /// Threads: one run at a time.
  virtual void run(FrameSource& source, ResultSink& sink, std::stop_token stop) = 0;

  /// Threads: any, at any time.
  virtual ExecutorStatus status() const = 0;

  /// How many workers a run has.
  virtual int workers() const = 0;
};

/// The executor that `options.executor` names. `factory` makes the analyzer of each worker that is a thread of this
/// process; worker processes make theirs from `options`.
std::unique_ptr<Executor> make_executor(const Options& options, AnalyzerFactory factory = make_analyzer);

}  // namespace capillaryx
