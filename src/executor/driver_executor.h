// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "capillaryx/executor.h"
#include "executor/control_store.h"
#include "executor/scheduler.h"
#include "executor/worker_pool.h"
#include "os/event_loop.h"

namespace capillaryx {

/// Makes the workers of one run.
using PoolFactory = std::function<std::unique_ptr<WorkerPool>(EventLoop&, WorkerEvents&, ControlStore&)>;

/// The paper's proposal: a driver that submits tasks to workers and takes results from them directly. It holds no core:
/// its thread sleeps until a worker, the source's thread or a time limit has something for it.
class DriverExecutor : public Executor {
 public:
  /// `start_time`: how long a worker may take until it is ready.
  DriverExecutor(const Options& options, int workers, PoolFactory pool,
                 SchedulerLimits::Time start_time = SchedulerLimits().start_time);

  void run(FrameSource& source, ResultSink& sink, std::stop_token stop) override;
  ExecutorStatus status() const override { return store_.status(); }
  int workers() const override { return workers_; }

 private:
  Options options_;
  int workers_;
  PoolFactory pool_;
  SchedulerLimits::Time start_time_;
  LatestStore store_;
};

/// What `options` asks of a scheduler with this many workers.
SchedulerLimits scheduler_limits(const Options& options, int workers);

}  // namespace capillaryx
