// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>

#include "capillaryx/pipeline.h"

namespace capillaryx {

/// `--status-file`: where a run stands, as one JSON object, rewritten at most once a second. A reader always finds a
/// whole one: it is written beside the file and renamed over it.
class StatusFile {
 public:
  /// `file` may be empty: nothing is written then.
  explicit StatusFile(std::filesystem::path file) : file_(std::move(file)) {}

  /// `state` is "running", "finished", "stopped" or "error". Writes when a second has passed or the state is another.
  /// Throws Error (kOutput).
  void update(const Progress& progress, const char* state);

 private:
  std::filesystem::path file_;
  std::string state_;
  std::chrono::steady_clock::time_point written_{};
};

}  // namespace capillaryx
