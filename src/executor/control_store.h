// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "capillaryx/executor.h"

namespace capillaryx {

/// A frame's place in the order in which a run handed it in: 0, 1, 2, ...
using FrameId = std::int64_t;
/// Every start of a worker has its own number; its slot (0 to workers - 1) is what the user sees.
using WorkerId = std::int64_t;

enum class WorkerState { kStarting, kIdle, kBusy, kEnding };
/// What a task gives: a frame's result, or what an input file is. Only frames count in ExecutorStatus.
enum class TaskKind { kFrame, kProbe };
enum class TaskState { kWaiting, kRunning, kOk, kFailed, kDropped };

struct WorkerRow {
  int slot = 0;
  WorkerState state = WorkerState::kStarting;
  std::int64_t process = 0;  ///< its process id; 0 for a thread
  FrameId frame = -1;        ///< the frame it is at, or -1
  std::int64_t frames_done = 0;
};

struct TaskRow {
  TaskKind kind = TaskKind::kFrame;
  TaskState state = TaskState::kWaiting;
  std::int64_t attempts = 0;
  WorkerId worker = -1;  ///< who has it or had it last
};

/// A frame's pixels in the object store.
struct ObjectRow {
  std::size_t size_bytes = 0;
  FrameId frame = -1;
  WorkerId reader = -1;
};

/// The one table of a run's workers, tasks and objects and the states they are in (paper, III-B: Global Control Store).
/// A task's row lives until its result has been handed on, so that the table's size is bounded by the frames in flight.
/// Threads: one writes (and may read rows without a lock, as nobody else changes them); any may call status and
/// snapshot.
class ControlStore {
 public:
  struct Snapshot {
    ExecutorStatus status;
    std::map<WorkerId, WorkerRow> workers;
    std::map<FrameId, TaskRow> tasks;
    std::map<std::uint64_t, ObjectRow> objects;
  };

  void add_worker(WorkerId worker, int slot);
  void set_worker(WorkerId worker, WorkerState state, FrameId frame = -1);
  void set_process(WorkerId worker, std::int64_t process);
  void count_worker_frame(WorkerId worker);
  /// `died`: it ended without having been asked to leave.
  void remove_worker(WorkerId worker, bool died);
  const std::map<WorkerId, WorkerRow>& workers() const { return tables_.workers; }

  void add_task(FrameId frame, TaskKind kind = TaskKind::kFrame);
  void set_task(FrameId frame, TaskState state, WorkerId worker = -1);
  void set_attempts(FrameId frame, std::int64_t attempts);
  void count_retry();
  void remove_task(FrameId frame);
  const TaskRow& task(FrameId frame) const { return tables_.tasks.at(frame); }

  void add_object(std::uint64_t object, const ObjectRow& row);
  void remove_object(std::uint64_t object);

  /// Keeps the first that is not empty.
  void set_warning(const std::string& warning);

  /// `on_change` is called by whoever writes, each time that workers ready, deaths, retries or the warning change.
  void watch_workers(std::function<void(const ExecutorStatus&)> on_change) { on_workers_ = std::move(on_change); }
  /// What another process tells of workers that it keeps; as many count as busy as have a frame to be at.
  void set_workers_elsewhere(const ExecutorStatus& told);

  ExecutorStatus status() const;
  Snapshot snapshot() const;

 private:
  void tell_of_workers() const;

  mutable std::mutex mutex_;
  Snapshot tables_;                 // written under mutex_
  bool workers_elsewhere_ = false;  // guarded by mutex_
  std::function<void(const ExecutorStatus&)> on_workers_;
};

/// The ControlStore of an executor's latest run. Threads: any.
class LatestStore {
 public:
  /// Begins a run with its own store.
  std::shared_ptr<ControlStore> renew();
  ExecutorStatus status() const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<ControlStore> store_ = std::make_shared<ControlStore>();  ///< guarded by mutex_
};

const char* to_string(WorkerState state);
const char* to_string(TaskState state);

}  // namespace capillaryx
