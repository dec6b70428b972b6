// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/executor.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "capillaryx/error.h"
#include "executor/driver_executor.h"
#include "executor/serial_executor.h"
#include "executor/thread_pool.h"

namespace capillaryx {
namespace {

int workers_of(const Options& options) {
  if (options.workers > 0) return static_cast<int>(options.workers);
  return static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
}

}  // namespace

std::unique_ptr<Executor> make_executor(const Options& options, AnalyzerFactory factory) {
  check_options(options);
  switch (options.executor) {
    case ExecutorKind::kSerial:
      return std::make_unique<SerialExecutor>(options, std::move(factory));
    case ExecutorKind::kDriver:
    case ExecutorKind::kRouter: {
      auto threads = [options, factory](EventLoop& loop, WorkerEvents& events, ControlStore&) {
        return std::make_unique<ThreadPool>(options, factory, loop, events);
      };
      return std::make_unique<DriverExecutor>(options, workers_of(options), std::move(threads));
    }
    case ExecutorKind::kRay:
      break;
  }
  throw Error(ErrorKind::kUsage, "the ray executor is in the Python package: pip install 'capillaryx[ray]'");
}

}  // namespace capillaryx
