// SPDX-License-Identifier: Apache-2.0
#include "executor/scheduler.h"

#include <algorithm>
#include <charconv>

namespace capillaryx {
namespace {

using Time = SchedulerLimits::Time;

/// A worker whose frames take less than this is given several at once, so that it need not sleep between two of them.
constexpr Time kShortFrame = std::chrono::milliseconds(1);
constexpr Time::rep kMostAtOnce = 16;

/// Beyond that a worker is given frames for this long, and at most so many, ahead of its need while there are plenty:
/// it need not wait for its driver, nor its driver wake for each frame.
constexpr Time kAhead = std::chrono::milliseconds(200);
constexpr Time::rep kMostAhead = 5;

/// A live run that has been behind for this long will not catch up: it keeps few frames waiting, as what waits is only
/// late.
constexpr Time kHiccup = std::chrono::seconds(1);

/// A rest of the driver is not worth less and delays results no longer than this.
constexpr Time kLeastRest = std::chrono::milliseconds(2);
constexpr Time kMostRest = std::chrono::milliseconds(50);

std::string seconds(Time time) {
  char text[32];
  const double value = std::chrono::duration<double>(time).count();
  return {text, std::to_chars(text, text + sizeof(text), value).ptr};
}

}  // namespace

Scheduler::Scheduler(const SchedulerLimits& limits, ControlStore& store) : limits_(limits), store_(store) {
  for (int slot = 0; slot < limits_.workers; ++slot) free_slots_.insert(slot);
}

void Scheduler::begin(Time now) { schedule(now); }

std::int64_t Scheduler::wanted_frames() const {
  if (source_ended_ || !fatal_.empty() || (limits_.live && !all_ready_once_)) return 0;
  const auto undelivered = static_cast<std::int64_t>(window_.size());
  std::int64_t room = limits_.max_undelivered - undelivered;
  // A source that drops is not kept waiting: what is too much is dropped here, and counted.
  if (limits_.when_behind == WhenBehind::kWait) {
    room = std::min(room, limits_.max_unfinished - unfinished_);
  } else {
    room += limits_.max_late_drops;
  }
  return std::max<std::int64_t>(room, 0);
}

FrameId Scheduler::submit(Time now, TaskKind kind) {
  const FrameId frame = first_ + static_cast<FrameId>(window_.size());
  if (kind == TaskKind::kProbe) {
    window_.push_back({.kind = kind, .since = now, .reason = {}});
    store_.add_task(frame, kind);
    ++unfinished_;
    waiting_probes_.insert(frame);
    schedule(now);
    return frame;
  }
  const bool full =
      unfinished_ >= limits_.max_unfinished || static_cast<std::int64_t>(window_.size()) >= limits_.max_undelivered;
  if (waiting_.empty()) last_empty_ = now;
  const bool late = !waiting_.empty() && too_late(*waiting_.begin(), limits_.workers, now);
  window_.emplace_back().since = now;
  store_.add_task(frame);
  ++unfinished_;
  waiting_.insert(frame);
  if (limits_.when_behind == WhenBehind::kDropNewest && (full || late)) drop(frame);
  if (limits_.when_behind == WhenBehind::kDropOldest && full) drop(*first_untried());
  schedule(now);
  return frame;
}

/// The first that waits and was never tried; the end where there is none.
std::set<FrameId>::const_iterator Scheduler::first_untried() {
  return std::find_if(waiting_.begin(), waiting_.end(), [this](FrameId id) { return task(id).attempts == 0; });
}

void Scheduler::drop(FrameId frame) {
  waiting_.erase(frame);
  finish(frame, TaskState::kDropped, "dropped: the workers were behind");
}

/// Whether `frame` waits too long, or more than `few` wait and some have without a break for longer than a hiccup
/// lasts.
bool Scheduler::too_late(FrameId frame, int few, Time now) {
  const bool overload = last_empty_ + kHiccup < now && waiting_.size() > static_cast<std::size_t>(few);
  return overload || task(frame).since + limits_.max_wait < now;
}

/// The newest is never too late: without it a worker might have nothing to do.
void Scheduler::drop_late(Time now) {
  for (auto first = first_untried(); first != waiting_.end() && *first != *waiting_.rbegin(); first = first_untried()) {
    if (!too_late(*first, limits_.workers + 1, now)) return;
    drop(*first);
  }
}

void Scheduler::worker_ready(WorkerId id, Time now) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || found->second.state != WorkerState::kStarting) return;
  Worker& worker = found->second;
  leave_queues(id, worker);
  worker.was_ready = true;
  worker.since = now;
  failed_starts_ = 0;
  newest_ready_ = std::max(newest_ready_, id);
  set_state(id, worker, WorkerState::kIdle);
  join_queues(id, worker);
  if (static_cast<int>(open_.size()) >= limits_.workers) all_ready_once_ = true;
  schedule(now);
}

void Scheduler::worker_ended(WorkerId id, const std::string& reason, Time now) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  const Worker worker = std::move(found->second);
  workers_.erase(found);
  leave_queues(id, worker);
  free_slots_.insert(worker.slot);
  store_.remove_worker(id, true);

  const std::string& why = worker.end_reason.empty() ? reason : worker.end_reason;
  // Many workers are started at once: what counts is that no later start went well.
  if (!worker.was_ready && id > newest_ready_ && ++failed_starts_ >= limits_.max_failed_starts && fatal_.empty()) {
    fatal_ = std::to_string(failed_starts_) + " workers in a row did not start; the last: " + why;
  }
  for (std::size_t i = 0; i < worker.frames.size(); ++i) {
    if (i == 0) {
      tried_in_vain(worker.frames[i], why);
    } else {
      store_.set_attempts(worker.frames[i], --task(worker.frames[i]).attempts);
      wait_again(worker.frames[i]);
    }
  }
  make_room(static_cast<std::int64_t>(worker.frames.size()));
  schedule(now);
}

bool Scheduler::frame_done(WorkerId id, FrameId frame, bool ok, Time now) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || found->second.state != WorkerState::kBusy) return false;
  Worker& worker = found->second;
  const auto place = std::find(worker.frames.begin(), worker.frames.end(), frame);
  if (place == worker.frames.end()) return false;

  leave_queues(id, worker);
  // A worker keeps the order: what it was given earlier will not come any more.
  const std::vector<FrameId> lost(worker.frames.begin(), place);
  worker.frames.erase(worker.frames.begin(), place + 1);
  if (task(frame).kind == TaskKind::kFrame) {
    const Time took = now - worker.since;
    worker.mean_time = worker.mean_time ? (3 * *worker.mean_time + took) / 4 : took;
  }
  worker.since = now;
  set_state(id, worker, worker.frames.empty() ? WorkerState::kIdle : WorkerState::kBusy);
  store_.count_worker_frame(id);
  join_queues(id, worker);

  for (const FrameId earlier : lost) tried_in_vain(earlier, "its result was lost");
  finish(frame, ok ? TaskState::kOk : TaskState::kFailed, "");
  make_room(1);
  schedule(now);
  return true;
}

void Scheduler::frame_refused(WorkerId id, FrameId frame, Time now) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || found->second.state != WorkerState::kBusy) return;
  Worker& worker = found->second;
  const auto place = std::find(worker.frames.begin(), worker.frames.end(), frame);
  if (place == worker.frames.end()) return;
  leave_queues(id, worker);
  worker.frames.erase(place);
  set_state(id, worker, worker.frames.empty() ? WorkerState::kIdle : WorkerState::kBusy);
  join_queues(id, worker);
  store_.set_attempts(frame, --task(frame).attempts);
  wait_again(frame);
  store_room_ = 0;
  if (!store_full_until_) store_full_until_ = now + store_time();
}

void Scheduler::make_room(std::int64_t frames) {
  store_full_until_.reset();
  // One more than was freed is tried: frames need not be of one size.
  if (store_room_) *store_room_ += frames + 1;
  if (store_room_ > limits_.workers) store_room_.reset();
}

void Scheduler::store_freed(Time now) {
  make_room(1);
  schedule(now);
}

void Scheduler::check_time(Time now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const WorkerId id = deadlines_.begin()->second;
    Worker& worker = workers_.at(id);
    if (worker.state == WorkerState::kStarting) {
      end_worker(id, worker, "it was not ready within " + seconds(limits_.start_time) + " s");
    } else {
      end_worker(id, worker, "the frame took longer than " + seconds(limits_.frame_time) + " s");
    }
  }
  if (store_full_until_ && *store_full_until_ <= now) {
    make_room(0);
    if (!waiting_.empty()) {
      const FrameId frame = *waiting_.begin();
      waiting_.erase(waiting_.begin());
      finish(frame, TaskState::kFailed, "the object store was full for " + seconds(store_time()) + " s");
    }
    schedule(now);
  }
}

std::optional<Time> Scheduler::next_deadline() const {
  std::optional<Time> next = store_full_until_;
  if (!deadlines_.empty()) next = next ? std::min(*next, deadlines_.begin()->first) : deadlines_.begin()->first;
  return next;
}

std::optional<Time> Scheduler::rest_until(Time now) const {
  if (limits_.live || low_.empty()) return std::nullopt;
  const Time until = std::min(low_.begin()->first, now + kMostRest);
  if (until < now + kLeastRest) return std::nullopt;
  return until;
}

/// When it will be at the last frame but one that it has: `since` may be a rest late.
Time Scheduler::low_time(const Worker& worker) {
  const auto ahead = static_cast<Time::rep>(worker.frames.size()) - 2;
  return ahead > 0 && worker.mean_time ? worker.since + ahead * *worker.mean_time : Time::min();
}

/// The number of frames queued for each worker so that it does not sleep between two of them.
std::size_t Scheduler::needed_depth(const Worker& worker) {
  if (!worker.mean_time || *worker.mean_time >= kShortFrame) return 1;
  const Time::rep fit = kShortFrame.count() / std::max<Time::rep>(worker.mean_time->count(), 1);
  return static_cast<std::size_t>(std::clamp<Time::rep>(fit, 1, kMostAtOnce));
}

/// How many it may have.
std::size_t Scheduler::most_depth(const Worker& worker) const {
  const std::size_t needed = needed_depth(worker);
  if (limits_.live || !worker.mean_time) return needed;
  const Time::rep ahead = kAhead.count() / std::max<Time::rep>(worker.mean_time->count(), 1);
  return std::max(needed, static_cast<std::size_t>(1 + std::min(ahead, kMostAhead)));
}

void Scheduler::join_queues(WorkerId id, const Worker& worker) {
  const bool ready = worker.state == WorkerState::kIdle || worker.state == WorkerState::kBusy;
  if (ready && worker.frames.size() < most_depth(worker)) open_.emplace(worker.frames.size(), id);
  if (ready) low_.emplace(low_time(worker), id);
  if (worker.state == WorkerState::kStarting) deadlines_.emplace(worker.since + limits_.start_time, id);
  if (worker.state == WorkerState::kBusy) deadlines_.emplace(worker.since + limits_.frame_time, id);
}

void Scheduler::leave_queues(WorkerId id, const Worker& worker) {
  open_.erase({worker.frames.size(), id});
  low_.erase({low_time(worker), id});
  deadlines_.erase({worker.since + limits_.start_time, id});
  deadlines_.erase({worker.since + limits_.frame_time, id});
}

void Scheduler::set_state(WorkerId id, Worker& worker, WorkerState state) {
  worker.state = state;
  store_.set_worker(id, state, worker.frames.empty() ? -1 : worker.frames.front());
}

void Scheduler::end_worker(WorkerId id, Worker& worker, const std::string& reason) {
  leave_queues(id, worker);
  worker.end_reason = reason;
  set_state(id, worker, WorkerState::kEnding);
  commands_.push_back({.kind = Command::Kind::kEnd, .worker = id, .slot = worker.slot});
}

void Scheduler::wait_again(FrameId frame) {
  task(frame).state = TaskState::kWaiting;
  store_.set_task(frame, TaskState::kWaiting);
  (task(frame).kind == TaskKind::kProbe ? waiting_probes_ : waiting_).insert(frame);
}

void Scheduler::tried_in_vain(FrameId frame, const std::string& reason) {
  const std::int64_t attempts = task(frame).attempts;
  if (attempts >= limits_.max_attempts) {
    finish(frame, TaskState::kFailed, reason + " (tried " + std::to_string(attempts) + " times)");
    return;
  }
  store_.count_retry();
  wait_again(frame);
}

void Scheduler::finish(FrameId frame, TaskState state, const std::string& reason) {
  task(frame).state = state;
  task(frame).reason = reason;
  --unfinished_;
  store_.set_task(frame, state);
  while (!window_.empty()) {
    Task& first = window_.front();
    if (first.state == TaskState::kWaiting || first.state == TaskState::kRunning) return;
    commands_.push_back({.kind = Command::Kind::kDeliver,
                         .frame = first_,
                         .attempt = first.attempts,
                         .state = first.state,
                         .reason = std::move(first.reason)});
    store_.remove_task(first_);
    window_.pop_front();
    ++first_;
  }
}

void Scheduler::assign(WorkerId id, FrameId frame, Time now) {
  Worker& worker = workers_.at(id);
  waiting_.erase(frame);
  waiting_probes_.erase(frame);
  leave_queues(id, worker);
  if (worker.frames.empty()) worker.since = now;
  worker.frames.push_back(frame);
  set_state(id, worker, WorkerState::kBusy);
  join_queues(id, worker);
  Task& given = task(frame);
  given.state = TaskState::kRunning;
  ++given.attempts;
  store_.set_task(frame, TaskState::kRunning, id);
  store_.set_attempts(frame, given.attempts);
  commands_.push_back(
      {.kind = Command::Kind::kAssign, .worker = id, .slot = worker.slot, .frame = frame, .attempt = given.attempts});
}

void Scheduler::schedule(Time now) {
  if (!fatal_.empty()) return;
  if (limits_.when_behind == WhenBehind::kDropOldest) drop_late(now);
  while (!waiting_probes_.empty() && !open_.empty()) assign(open_.begin()->second, *waiting_probes_.begin(), now);
  while (!waiting_.empty() && !open_.empty() && store_room_ != 0) {
    const auto [load, id] = *open_.begin();
    // The last frames are not kept for one worker while another has nothing to do.
    if (load >= needed_depth(workers_.at(id)) && waiting_.size() <= 2 * workers_.size()) break;
    if (store_room_) --*store_room_;
    assign(id, *waiting_.begin(), now);
  }
  // No more workers than there are frames for them; a live run has them all ready before its first frame.
  const std::int64_t useful = limits_.live && !source_ended_ ? limits_.workers : unfinished_;
  while (static_cast<std::int64_t>(workers_.size()) < useful && !free_slots_.empty()) {
    const WorkerId id = next_worker_++;
    Worker& worker = workers_[id];
    worker.slot = *free_slots_.begin();
    free_slots_.erase(free_slots_.begin());
    worker.since = now;
    store_.add_worker(id, worker.slot);
    join_queues(id, worker);
    commands_.push_back({.kind = Command::Kind::kStart, .worker = id, .slot = worker.slot});
  }
}

}  // namespace capillaryx
