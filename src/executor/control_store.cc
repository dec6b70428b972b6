// SPDX-License-Identifier: Apache-2.0
#include "executor/control_store.h"

#include <algorithm>

namespace capillaryx {
namespace {

bool finished(TaskState state) { return state != TaskState::kWaiting && state != TaskState::kRunning; }

/// Adds `sign` for a worker in this state to the counts that status() gives.
void count(ExecutorStatus& status, WorkerState state, int sign) {
  if (state == WorkerState::kIdle || state == WorkerState::kBusy) status.workers_ready += sign;
  if (state == WorkerState::kBusy) status.workers_busy += sign;
}

}  // namespace

void ControlStore::add_worker(WorkerId worker, int slot) {
  const std::lock_guard lock(mutex_);
  tables_.workers[worker].slot = slot;
}

void ControlStore::set_worker(WorkerId worker, WorkerState state, FrameId frame) {
  int ready_before = 0;
  int ready = 0;
  {
    const std::lock_guard lock(mutex_);
    auto& row = tables_.workers.at(worker);
    ready_before = tables_.status.workers_ready;
    count(tables_.status, row.state, -1);
    row.state = state;
    row.frame = frame;
    count(tables_.status, row.state, 1);
    ready = tables_.status.workers_ready;
  }
  if (ready != ready_before) tell_of_workers();
}

void ControlStore::set_process(WorkerId worker, std::int64_t process) {
  const std::lock_guard lock(mutex_);
  const auto found = tables_.workers.find(worker);
  if (found != tables_.workers.end()) found->second.process = process;
}

void ControlStore::count_worker_frame(WorkerId worker) {
  const std::lock_guard lock(mutex_);
  ++tables_.workers.at(worker).frames_done;
}

void ControlStore::remove_worker(WorkerId worker, bool died) {
  {
    const std::lock_guard lock(mutex_);
    count(tables_.status, tables_.workers.at(worker).state, -1);
    if (died) ++tables_.status.worker_deaths;
    tables_.workers.erase(worker);
  }
  tell_of_workers();
}

void ControlStore::add_task(FrameId frame, TaskKind kind) {
  const std::lock_guard lock(mutex_);
  tables_.tasks.emplace_hint(tables_.tasks.end(), frame, TaskRow{})->second.kind = kind;
  if (kind == TaskKind::kProbe) return;
  ++tables_.status.frames_submitted;
  ++tables_.status.frames_in_flight;
}

void ControlStore::set_task(FrameId frame, TaskState state, WorkerId worker) {
  const std::lock_guard lock(mutex_);
  auto& row = tables_.tasks.at(frame);
  row.state = state;
  if (worker >= 0) row.worker = worker;
  if (!finished(state) || row.kind == TaskKind::kProbe) return;
  --tables_.status.frames_in_flight;
  if (state == TaskState::kOk) ++tables_.status.frames_ok;
  if (state == TaskState::kFailed) ++tables_.status.frames_failed;
  if (state == TaskState::kDropped) ++tables_.status.frames_dropped;
}

void ControlStore::set_attempts(FrameId frame, std::int64_t attempts) {
  const std::lock_guard lock(mutex_);
  tables_.tasks.at(frame).attempts = attempts;
}

void ControlStore::count_retry() {
  {
    const std::lock_guard lock(mutex_);
    ++tables_.status.retries;
  }
  tell_of_workers();
}

void ControlStore::remove_task(FrameId frame) {
  const std::lock_guard lock(mutex_);
  tables_.tasks.erase(frame);
}

void ControlStore::add_object(std::uint64_t object, const ObjectRow& row) {
  const std::lock_guard lock(mutex_);
  tables_.objects[object] = row;
}

void ControlStore::remove_object(std::uint64_t object) {
  const std::lock_guard lock(mutex_);
  tables_.objects.erase(object);
}

void ControlStore::set_warning(const std::string& warning) {
  {
    const std::lock_guard lock(mutex_);
    if (warning.empty() || !tables_.status.warning.empty()) return;
    tables_.status.warning = warning;
  }
  tell_of_workers();
}

void ControlStore::set_workers_elsewhere(const ExecutorStatus& told) {
  const std::lock_guard lock(mutex_);
  tables_.status.workers_ready = told.workers_ready;
  tables_.status.worker_deaths = told.worker_deaths;
  tables_.status.retries = told.retries;
  tables_.status.warning = told.warning;
  workers_elsewhere_ = true;
}

/// Without the lock: a listener may query the store.
void ControlStore::tell_of_workers() const {
  if (on_workers_) on_workers_(status());
}

ExecutorStatus ControlStore::status() const {
  const std::lock_guard lock(mutex_);
  ExecutorStatus status = tables_.status;
  if (workers_elsewhere_) {
    status.workers_busy = static_cast<int>(std::min<std::int64_t>(status.workers_ready, status.frames_in_flight));
  }
  return status;
}

ControlStore::Snapshot ControlStore::snapshot() const {
  const std::lock_guard lock(mutex_);
  return tables_;
}

std::shared_ptr<ControlStore> LatestStore::renew() {
  const std::lock_guard lock(mutex_);
  store_ = std::make_shared<ControlStore>();
  return store_;
}

ExecutorStatus LatestStore::status() const {
  const std::lock_guard lock(mutex_);
  return store_->status();
}

const char* to_string(WorkerState state) {
  switch (state) {
    case WorkerState::kStarting:
      return "starting";
    case WorkerState::kIdle:
      return "idle";
    case WorkerState::kBusy:
      return "busy";
    case WorkerState::kEnding:
      return "ending";
  }
  return "ending";
}

const char* to_string(TaskState state) {
  switch (state) {
    case TaskState::kWaiting:
      return "waiting";
    case TaskState::kRunning:
      return "running";
    case TaskState::kOk:
      return "ok";
    case TaskState::kFailed:
      return "failed";
    case TaskState::kDropped:
      return "dropped";
  }
  return "failed";
}

}  // namespace capillaryx
