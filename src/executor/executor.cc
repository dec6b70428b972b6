// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/executor.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "capillaryx/error.h"
#include "executor/driver_executor.h"
#include "executor/process_pool.h"
#include "executor/serial_executor.h"
#include "executor/thread_pool.h"
#include "os/process.h"

namespace capillaryx {
namespace {

int workers_of(const Options& options) {
  if (options.workers > 0) return static_cast<int>(options.workers);
  return static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
}

/// The command that starts a worker process: as the options have it, or the capillaryx program, which is this program,
/// or stands beside the library (a build, a wheel) or in bin beside its folder (an installation).
std::vector<std::string> worker_command(const Options& options) {
  const std::string& given = options.worker_command;
  if (!given.empty() && given.front() == '[') {
    const auto words = nlohmann::json::parse(given, nullptr, false);
    if (words.is_array() && !words.empty() &&
        std::all_of(words.begin(), words.end(), [](const auto& word) { return word.is_string(); })) {
      return words.get<std::vector<std::string>>();
    }
    throw Error(ErrorKind::kUsage, "worker_command must be words, or a JSON array of strings");
  }
  if (!given.empty()) {
    std::istringstream words(given);
    return {std::istream_iterator<std::string>(words), {}};
  }
  namespace fs = std::filesystem;
  if (fs::path(program_path()).filename() == "capillaryx") return {"/proc/self/exe", "worker"};
  static const char here = 0;
  const fs::path folder = fs::path(file_that_holds(&here)).parent_path();
  for (const fs::path& program : {folder / "capillaryx", folder.parent_path() / "bin" / "capillaryx"}) {
    std::error_code error;
    if (fs::is_regular_file(program, error)) return {program.string(), "worker"};
  }
  throw Error(ErrorKind::kExecutor,
              "the capillaryx program, which worker processes run, is not beside the library: set worker_command to "
              "what starts a worker, or worker_kind to thread");
}

}  // namespace

std::unique_ptr<Executor> make_executor(const Options& options, AnalyzerFactory factory) {
  check_options(options);
  switch (options.executor) {
    case ExecutorKind::kSerial:
      return std::make_unique<SerialExecutor>(options, std::move(factory));
    case ExecutorKind::kDriver:
    case ExecutorKind::kRouter: {
      PoolFactory pool;
      if (options.worker_kind == WorkerKind::kThread) {
        pool = [options, factory](EventLoop& loop, WorkerEvents& events, ControlStore&) {
          return std::make_unique<ThreadPool>(options, factory, loop, events);
        };
      } else {
        pool = [options, command = worker_command(options)](EventLoop& loop, WorkerEvents& events,
                                                            ControlStore& store) {
          return std::make_unique<ProcessPool>(options, command, loop, events, store);
        };
      }
      return std::make_unique<DriverExecutor>(options, workers_of(options), std::move(pool));
    }
    case ExecutorKind::kRay:
      break;
  }
  throw Error(ErrorKind::kUsage, "the ray executor is in the Python package: pip install 'capillaryx[ray]'");
}

}  // namespace capillaryx
