// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>
#include <string>

#include "capillaryx/frame.h"
#include "capillaryx/frame_result.h"
#include "capillaryx/frame_source.h"
#include "capillaryx/result_sink.h"
#include "executor/control_store.h"

namespace capillaryx {

/// One frame as it goes to a worker, or a file that is to be probed.
struct Task {
  FrameId id = -1;
  Frame frame;
  FrameFiles files;  ///< that the worker fills
  int attempt = 1;
  bool probe = false;  ///< only what frame.file() is wanted
};

/// What a pool of workers tells its driver, always in the driver's thread.
class WorkerEvents {
 public:
  virtual ~WorkerEvents() = default;
  virtual void on_ready(WorkerId worker) = 0;
  /// It is gone and nothing more comes from it; `reason` says how it went.
  virtual void on_ended(WorkerId worker, const std::string& reason) = 0;
  virtual void on_result(WorkerId worker, FrameId frame, FrameResult result) = 0;
  /// What a probe task found.
  virtual void on_probed(WorkerId worker, FrameId frame, Probed probed) = 0;
  /// There is room in the object store again.
  virtual void on_store_freed() = 0;
  /// What ends the run: an Error out of a worker.
  virtual void on_error(std::exception_ptr error) = 0;
};

/// The workers of one run and the way to them. What differs between threads, processes and a router is in here alone.
/// Threads: the driver's. Destruction ends every worker and waits for them.
class WorkerPool {
 public:
  enum class Sent { kSent, kStoreFull, kTooLarge };

  virtual ~WorkerPool() = default;

  /// Starts a worker; on_ready or on_ended follows.
  virtual void start(WorkerId worker, int slot) = 0;
  /// Gives a frame to a worker that is ready; on_result follows, or on_ended (which may have come already: what is
  /// given to a worker that is gone is skipped). kTooLarge: the object store could never
  /// hold the frame.
  virtual Sent assign(WorkerId worker, Task task) = 0;
  /// Ends a worker, whatever it does; on_ended follows.
  virtual void end(WorkerId worker) = 0;
};

}  // namespace capillaryx
