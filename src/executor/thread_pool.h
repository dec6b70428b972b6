// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>

#include "capillaryx/analyzer.h"
#include "executor/worker_pool.h"
#include "os/event_loop.h"

namespace capillaryx {

/// Workers that are threads of this process: for embedding, and for the race detector. No sandbox, no memory limit; a
/// crash takes the process along. A thread cannot be ended from outside: one that hangs is left to itself (its result,
/// should one come, is dropped) and another takes its place.
class ThreadPool : public WorkerPool {
 public:
  ThreadPool(const Options& options, AnalyzerFactory factory, EventLoop& loop, WorkerEvents& events);
  ~ThreadPool() override;

  void start(WorkerId worker, int slot) override;
  Sent assign(WorkerId worker, Task task) override;
  void end(WorkerId worker) override;

 private:
  struct Shared;
  struct Worker;
  static void work(const std::shared_ptr<Shared>& shared, const std::shared_ptr<Worker>& worker);

  std::shared_ptr<Shared> shared_;
  std::map<WorkerId, std::shared_ptr<Worker>> workers_;
};

}  // namespace capillaryx
