// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/executor.h"

#include <algorithm>
#include <utility>

#include "capillaryx/error.h"
#include "executor/driver_executor.h"
#include "executor/process_pool.h"
#include "executor/ray_executor.h"
#include "executor/router_executor.h"
#include "executor/serial_executor.h"
#include "executor/thread_pool.h"
#include "executor/worker_command.h"
#include "os/machine.h"

namespace capillaryx {
namespace {

int workers_of(const Options& options) {
  return options.workers > 0 ? static_cast<int>(options.workers) : usable_cpus();
}

/// The baseline holds a core back for its controller and one for its router, as in the paper.
int router_workers(const Options& options) {
  return options.workers > 0 ? static_cast<int>(options.workers) : std::max(usable_cpus() - 2, 1);
}

/// Set before the first run, by the Python package.
RayExecutorFactory& ray_executor() {
  static RayExecutorFactory factory;
  return factory;
}

}  // namespace

void set_ray_executor(RayExecutorFactory factory) { ray_executor() = std::move(factory); }

std::unique_ptr<Executor> make_executor(const Options& options, AnalyzerFactory factory) {
  check_options(options);
  switch (options.executor) {
    case ExecutorKind::kSerial:
      return std::make_unique<SerialExecutor>(options, std::move(factory));
    case ExecutorKind::kRouter:
      return std::make_unique<RouterExecutor>(options, router_workers(options), worker_command(options));
    case ExecutorKind::kDriver: {
      PoolFactory pool;
      if (options.worker_kind == WorkerKind::kThread) {
        pool = [options, factory](EventLoop& loop, WorkerEvents& events, ControlStore&) {
          return std::make_unique<ThreadPool>(options, factory, loop, events);
        };
      } else {
        pool = [options, command = worker_command(options)](EventLoop& loop, WorkerEvents& events,
                                                            ControlStore& store) {
          return std::make_unique<ProcessPool>(options, std::make_unique<ProcessLauncher>(command, loop), loop, events,
                                               store);
        };
      }
      return std::make_unique<DriverExecutor>(options, workers_of(options), std::move(pool));
    }
    case ExecutorKind::kRay:
      if (ray_executor()) return ray_executor()(options);
      break;
  }
  throw Error(ErrorKind::kUsage, "the ray executor is in the Python package: pip install 'capillaryx[ray]'");
}

}  // namespace capillaryx
