// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "capillaryx/frame_result.h"
#include "capillaryx/options.h"
#include "executor/control_store.h"

namespace capillaryx {

struct SchedulerLimits {
  using Time = std::chrono::nanoseconds;

  int workers = 1;
  std::int64_t max_attempts = 3;  ///< of one frame
  Time frame_time = std::chrono::seconds(60);
  Time start_time = std::chrono::seconds(120);
  int max_failed_starts = 20;  ///< in a row, with no worker ready in between
  WhenBehind when_behind = WhenBehind::kWait;
  /// drop_oldest: a frame that has waited longer is dropped once a newer one waits. drop_newest: what comes while one
  /// has waited longer is dropped. Under both, no more than `workers` + 1 wait once some have waited for a second on
  /// end.
  Time max_wait = std::chrono::milliseconds(100);
  bool live = false;                   ///< every worker is started, and ready, before the first frame is asked for
  std::int64_t max_unfinished = 32;    ///< frames that wait or are with a worker
  std::int64_t max_undelivered = 128;  ///< those, and results that wait for their turn
  std::int64_t max_late_drops = 4096;  ///< dropped frames that wait for their turn on top of that
};

/// What whoever drives a Scheduler has to do next.
struct Command {
  enum class Kind {
    kStart,    ///< start `worker` in `slot`
    kAssign,   ///< give `frame` to `worker`; it is its `attempt`-th try
    kEnd,      ///< end `worker` at once, whatever it does; worker_ended follows
    kDeliver,  ///< hand on the result of `frame`; frames come in order, each once
  };
  Kind kind = Kind::kStart;
  WorkerId worker = -1;
  int slot = 0;
  FrameId frame = -1;
  std::int64_t attempt = 0;
  TaskState state = TaskState::kWaiting;  ///< kDeliver: kOk, kFailed or kDropped
  std::string reason{};  ///< kDeliver: why the scheduler gave it up; empty where a worker gave a result
};

/// Decides which worker gets which frame and when a worker or a frame is given up. A state machine: events in, commands
/// out; no thread, no clock, no input or output, so that a simulation runs the same code. Its tables are the
/// ControlStore's.
///
/// A worker does its frames in the order in which it got them; only the first of them counts as tried when it ends.
/// Threads: one at a time.
class Scheduler {
 public:
  using Time = SchedulerLimits::Time;

  Scheduler(const SchedulerLimits& limits, ControlStore& store);

  /// Call once, first.
  void begin(Time now);

  /// How many more frames may be handed in now.
  std::int64_t wanted_frames() const;
  /// No more than this may be unfinished from now on: a live run hears late how large its frames are.
  void limit_unfinished(std::int64_t most) { limits_.max_unfinished = std::min(limits_.max_unfinished, most); }
  /// Hands the next frame in, or a file to be probed. Probes go before frames and are never dropped, as frames wait for
  /// what they find; both are delivered in the order in which they were handed in.
  FrameId submit(Time now, TaskKind kind = TaskKind::kFrame);
  void source_ended() { source_ended_ = true; }

  void worker_ready(WorkerId worker, Time now);
  /// The worker is gone: it died, could not be started, or was ended as commanded. Nothing more comes from it.
  void worker_ended(WorkerId worker, const std::string& reason, Time now);
  /// `worker` gave the result of `frame`. False where that is not (or no longer) its frame: the result is not wanted.
  bool frame_done(WorkerId worker, FrameId frame, bool ok, Time now);
  /// An assignment could not be carried out as the object store is full.
  void frame_refused(WorkerId worker, FrameId frame, Time now);
  /// There is room in the object store again.
  void store_freed(Time now);
  /// Looks for time limits that have passed.
  void check_time(Time now);
  /// When check_time has to be called next.
  std::optional<Time> next_deadline() const;
  /// Until when every worker has enough to do without the driver, where that is worth sleeping for: what comes until
  /// then is taken in at one wake instead of one for each frame. Never in a live run.
  std::optional<Time> rest_until(Time now) const;

  /// Every frame has been delivered and no more will come.
  bool finished() const { return source_ended_ && window_.empty(); }
  /// Why the run cannot go on; empty while it can.
  const std::string& fatal() const { return fatal_; }

  std::vector<Command> take_commands() { return std::exchange(commands_, {}); }

 private:
  struct Worker {
    int slot = 0;
    WorkerState state = WorkerState::kStarting;
    bool was_ready = false;
    std::deque<FrameId> frames;       ///< in the order given; it is at the first
    Time since{};                     ///< when it began what it is at
    std::optional<Time> mean_time{};  ///< of its recent frames
    std::string end_reason;           ///< why it was ended
  };
  struct Task {
    TaskKind kind = TaskKind::kFrame;
    TaskState state = TaskState::kWaiting;
    Time since{};  ///< when it was handed in
    std::int64_t attempts = 0;
    std::string reason;
  };

  Task& task(FrameId frame) { return window_[static_cast<std::size_t>(frame - first_)]; }
  static Time low_time(const Worker& worker);
  static std::size_t needed_depth(const Worker& worker);
  std::size_t most_depth(const Worker& worker) const;
  /// Longer than any frame may hold its place in the object store.
  Time store_time() const { return 2 * limits_.frame_time; }
  void join_queues(WorkerId id, const Worker& worker);
  void leave_queues(WorkerId id, const Worker& worker);
  void set_state(WorkerId id, Worker& worker, WorkerState state);
  void end_worker(WorkerId id, Worker& worker, const std::string& reason);
  void make_room(std::int64_t frames);
  std::set<FrameId>::const_iterator first_untried();
  void drop(FrameId frame);
  bool too_late(FrameId frame, int few, Time now);
  void drop_late(Time now);
  void wait_again(FrameId frame);
  void tried_in_vain(FrameId frame, const std::string& reason);
  void finish(FrameId frame, TaskState state, const std::string& reason);
  void assign(WorkerId id, FrameId frame, Time now);
  void schedule(Time now);

  SchedulerLimits limits_;
  ControlStore& store_;
  std::vector<Command> commands_;

  std::deque<Task> window_;  ///< frames first_, first_ + 1, ...: handed in and not delivered
  FrameId first_ = 0;
  std::int64_t unfinished_ = 0;
  Time last_empty_{};  ///< when a frame was last handed in while none waited
  std::set<FrameId> waiting_probes_;
  std::set<FrameId> waiting_;  ///< frames, lowest first: a frame that is tried again goes ahead of later ones

  std::map<WorkerId, Worker> workers_;
  std::set<int> free_slots_;
  WorkerId next_worker_ = 0;
  std::set<std::pair<std::size_t, WorkerId>> open_;  ///< workers that can take a frame, least loaded first
  std::set<std::pair<Time, WorkerId>> deadlines_;
  std::set<std::pair<Time, WorkerId>> low_;  ///< when workers that are ready will be short of frames

  int failed_starts_ = 0;       ///< in a row, in the order of starts
  WorkerId newest_ready_ = -1;  ///< the latest start that came to be ready
  bool all_ready_once_ = false;
  bool source_ended_ = false;
  std::optional<std::int64_t> store_room_;  ///< frames that may be tried once the object store has been full
  std::optional<Time> store_full_until_;    ///< when the first that waits for it is given up
  std::string fatal_;
};

}  // namespace capillaryx
