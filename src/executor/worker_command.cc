// SPDX-License-Identifier: Apache-2.0
#include "executor/worker_command.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>
#include <utility>

#include "capillaryx/error.h"
#include "os/process.h"

namespace capillaryx {
namespace {

struct PythonCommand {
  std::mutex mutex;
  std::vector<std::string> words;  // guarded by mutex
};

PythonCommand& python_command() {
  static PythonCommand command;
  return command;
}

}  // namespace

void set_python_worker_command(std::vector<std::string> command) {
  PythonCommand& kept = python_command();
  const std::lock_guard lock(kept.mutex);
  kept.words = std::move(command);
}

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
  if (options.analyzer.starts_with("python:")) {
    PythonCommand& python = python_command();
    const std::lock_guard lock(python.mutex);
    if (!python.words.empty()) return python.words;
    throw Error(ErrorKind::kExecutor, "workers of a python: analyzer are started by the Python package alone");
  }
  namespace fs = std::filesystem;
  if (fs::path(program_path()).filename() == "capillaryx") return {"/proc/self/exe", "worker"};
  static const char kHere = 0;
  const fs::path folder = fs::path(file_that_holds(&kHere)).parent_path();
  for (const fs::path& program : {folder / "capillaryx", folder.parent_path() / "bin" / "capillaryx"}) {
    std::error_code error;
    if (fs::is_regular_file(program, error)) return {program.string(), "worker"};
  }
  throw Error(ErrorKind::kExecutor,
              "the capillaryx program, which worker processes run, is not beside the library: set worker_command to "
              "what starts a worker, or worker_kind to thread");
}

}  // namespace capillaryx
