// SPDX-License-Identifier: Apache-2.0
#include "pipeline/status_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

constexpr std::chrono::seconds kEvery{1};

std::string to_text(const Progress& progress, const char* state) {
  const ExecutorStatus& now = progress.executor;
  const std::int64_t done = progress.resumed + now.frames_done();
  nlohmann::ordered_json object{{"type", "status"},
                                {"schema", 1},
                                {"state", state},
                                {"wall_s", progress.wall_s},
                                {"frame_count", nullptr},
                                {"frames_done", done},
                                {"frames_resumed", progress.resumed},
                                {"frames_submitted", now.frames_submitted},
                                {"frames_in_flight", now.frames_in_flight},
                                {"frames_ok", now.frames_ok},
                                {"frames_failed", now.frames_failed},
                                {"frames_dropped", now.frames_dropped},
                                {"retries", now.retries},
                                {"workers_ready", now.workers_ready},
                                {"workers_busy", now.workers_busy},
                                {"worker_deaths", now.worker_deaths},
                                {"warning", now.warning}};
  if (progress.frame_count) object["frame_count"] = *progress.frame_count;
  return object.dump() + "\n";
}

}  // namespace

void StatusFile::update(const Progress& progress, const char* state) {
  if (file_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  if (state_ == state && now - written_ < kEvery) return;
  state_ = state;
  written_ = now;
  std::filesystem::path beside = file_;
  beside += ".new";
  errno = 0;
  std::ofstream out(beside, std::ios::binary | std::ios::trunc);
  out << to_text(progress, state);
  out.close();
  std::error_code error;
  if (out) {
    std::filesystem::rename(beside, file_, error);
  } else {
    error.assign(errno != 0 ? errno : EIO, std::generic_category());
  }
  if (error) {
    std::error_code ignored;
    std::filesystem::remove(beside, ignored);
    throw Error(ErrorKind::kOutput, "the status file " + file_.string() + " cannot be written: " + error.message());
  }
}

}  // namespace capillaryx
