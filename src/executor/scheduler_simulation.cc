// SPDX-License-Identifier: Apache-2.0
#include "executor/scheduler_simulation.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <queue>
#include <random>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace capillaryx {
namespace {

using Time = SimulationOptions::Time;
using std::chrono::milliseconds;

struct Event {
  enum class Kind { kFrame, kReady, kTask, kWorkDone, kResult, kDeath };
  Time time{};
  std::int64_t number = 0;  ///< events of one moment come in the order in which they were made
  Kind kind = Kind::kFrame;
  WorkerId worker = -1;
  FrameId frame = -1;

  bool operator>(const Event& other) const { return std::tie(time, number) > std::tie(other.time, other.number); }
};

struct SimulatedWorker {
  bool dead = false;         ///< in the world
  bool known_ready = false;  ///< to the driver
  bool gone = false;         ///< to the driver
  bool busy = false;
  std::deque<FrameId> inbox;
  std::deque<FrameId> held;  ///< frames whose place in the object store it has
  Time to_worker{};          ///< when the last message sent arrives: a channel keeps the order
  Time from_worker{};
};

class World {
 public:
  explicit World(const SimulationOptions& options)
      : options_(options), random_(options.seed), scheduler_(options.limits, store_) {}

  SimulationReport run() {
    scheduler_.begin(now_);
    carry_out();
    while (!scheduler_.finished() && scheduler_.fatal().empty() && report_.violation.empty()) step();
    if (report_.violation.empty()) check_end();
    const ExecutorStatus status = store_.status();
    report_.retries = status.retries;
    report_.deaths = status.worker_deaths;
    report_.ended = std::max(now_, driver_free_);
    report_.fatal = scheduler_.fatal();
    return std::move(report_);
  }

 private:
  bool chance(double probability) {
    return probability > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < probability;
  }
  Time share_of(Time time) {
    return Time(static_cast<Time::rep>(std::uniform_real_distribution<double>(0, 1)(random_) *
                                       static_cast<double>(time.count())));
  }
  Time frame_time() {
    const double mean = static_cast<double>(options_.frame_time.count());
    const double spread = std::exponential_distribution<double>(1)(random_);
    return Time(
        static_cast<Time::rep>(mean * (1 - options_.frame_variation) + mean * options_.frame_variation * spread));
  }
  void post(Time time, Event::Kind kind, WorkerId worker = -1, FrameId frame = -1) {
    events_.push({time, next_number_++, kind, worker, frame});
  }
  /// Sends a message one way over a channel that keeps the order, unless it is lost.
  void send(Time& channel, Event::Kind kind, WorkerId worker, FrameId frame = -1) {
    if (chance(options_.lost)) return;
    Time time = now_ + options_.message_time;
    if (chance(options_.late)) time += share_of(milliseconds(1000));
    channel = std::max(channel, time);
    post(channel, kind, worker, frame);
  }
  void violate(const std::string& what) {
    if (report_.violation.empty()) report_.violation = what;
  }

  void step() {
    if (driver_acted_ && (events_.empty() || events_.top().time > now_)) {
      // It has taken in all that was there.
      driver_acted_ = false;
      rest_until_ = scheduler_.rest_until(now_).value_or(Time{0});
    }
    auto deadline = scheduler_.next_deadline();
    if (deadline) deadline = std::max(*deadline, rest_until_);
    if (events_.empty() && !deadline) return violate("nothing goes on, yet frames are left");
    ++report_.events;
    if (events_.empty() || (deadline && *deadline < events_.top().time)) {
      now_ = std::max(now_, *deadline);
      scheduler_.check_time(now_);
    } else {
      Event event = events_.top();
      events_.pop();
      if (event.time < rest_until_ && to_driver(event)) {
        event.time = rest_until_;
        event.number = next_number_++;
        return events_.push(event);
      }
      now_ = std::max(now_, event.time);
      handle(event);
      if (!to_driver(event)) return;
    }
    carry_out();
    driver_acted_ = true;
  }

  static bool to_driver(const Event& event) {
    return event.kind != Event::Kind::kTask && event.kind != Event::Kind::kWorkDone;
  }

  void handle(const Event& event) {
    switch (event.kind) {
      case Event::Kind::kFrame:
        --asked_;
        scheduler_.submit(now_);
        break;
      case Event::Kind::kReady:
        if (!workers_[event.worker].gone) workers_[event.worker].known_ready = true;
        scheduler_.worker_ready(event.worker, now_);
        break;
      case Event::Kind::kTask:
        workers_[event.worker].inbox.push_back(event.frame);
        begin_next(event.worker);
        break;
      case Event::Kind::kWorkDone:
        work_done(event.worker, event.frame);
        break;
      case Event::Kind::kResult:
        result(event);
        break;
      case Event::Kind::kDeath:
        workers_[event.worker].gone = true;
        let_go(event.worker, -1);
        scheduler_.worker_ended(event.worker, "killed", now_);
        break;
    }
  }

  /// A result reaches the driver.
  void result(const Event& event) {
    if (options_.driver_time > Time{0}) {
      driver_free_ = std::max(driver_free_, now_) + options_.driver_time;
      now_ = driver_free_;
    }
    if (scheduler_.frame_done(event.worker, event.frame, true, now_)) {
      if (results_[event.frame]++ > 0) violate("frame " + std::to_string(event.frame) + " was done twice");
      let_go(event.worker, event.frame);
    }
  }

  void begin_next(WorkerId id) {
    SimulatedWorker& worker = workers_[id];
    if (worker.dead || worker.busy || worker.inbox.empty()) return;
    const FrameId frame = worker.inbox.front();
    worker.inbox.pop_front();
    worker.busy = true;
    const bool poison = options_.poison_every > 0 && frame % options_.poison_every == options_.poison_every - 1;
    if (poison || chance(options_.death)) return die(id, share_of(options_.frame_time));
    if (chance(options_.hang)) return;
    post(now_ + frame_time(), Event::Kind::kWorkDone, id, frame);
  }

  void work_done(WorkerId id, FrameId frame) {
    SimulatedWorker& worker = workers_[id];
    if (worker.dead) return;
    send(worker.from_worker, Event::Kind::kResult, id, frame);
    worker.busy = false;
    begin_next(id);
  }

  void die(WorkerId id, Time after) {
    workers_[id].dead = true;
    post(now_ + after, Event::Kind::kDeath, id);
  }

  void carry_out() {
    for (auto commands = scheduler_.take_commands(); !commands.empty(); commands = scheduler_.take_commands()) {
      for (const Command& command : commands) carry_out(command);
    }
    const ExecutorStatus status = store_.status();
    const auto undelivered = status.frames_submitted - delivered_;
    report_.most_undelivered = std::max(report_.most_undelivered, undelivered);
    const auto& limits = options_.limits;
    const bool waits = limits.when_behind == WhenBehind::kWait;
    if (status.frames_in_flight > limits.max_unfinished) violate("more frames in flight than allowed");
    if (undelivered > limits.max_undelivered + (waits ? 0 : limits.max_late_drops)) violate("too many undelivered");
    ask_for_frames();
  }

  void ask_for_frames() {
    while (submitted_ < options_.frames && asked_ < scheduler_.wanted_frames()) {
      next_frame_at_ = std::max(next_frame_at_ + options_.source_interval, now_);
      post(next_frame_at_, Event::Kind::kFrame);
      ++asked_;
      ++submitted_;
    }
    if (submitted_ == options_.frames && asked_ == 0) scheduler_.source_ended();
  }

  void carry_out(const Command& command) {
    switch (command.kind) {
      case Command::Kind::kStart:
        return start(command.worker);
      case Command::Kind::kAssign:
        return assign(command);
      case Command::Kind::kEnd:
        workers_[command.worker].dead = true;
        return post(now_ + share_of(milliseconds(5)), Event::Kind::kDeath, command.worker);
      case Command::Kind::kDeliver:
        return deliver(command);
    }
  }

  void start(WorkerId id) {
    if (!workers_.emplace(id, SimulatedWorker{}).second) violate("a worker was started twice");
    SimulatedWorker& worker = workers_[id];
    if (static_cast<int>(store_.workers().size()) > options_.limits.workers) violate("more workers than slots");
    if (chance(options_.failed_start)) return die(id, share_of(options_.start_time));
    worker.from_worker = now_ + options_.start_time + share_of(options_.start_time);
    send(worker.from_worker, Event::Kind::kReady, id);
  }

  void assign(const Command& command) {
    SimulatedWorker& worker = workers_[command.worker];
    const std::string frame = "frame " + std::to_string(command.frame);
    if (!worker.known_ready || worker.gone) violate(frame + " was given to a worker that is not ready");
    if (results_.count(command.frame) > 0) violate(frame + " was given out after its result");
    if (command.attempt > options_.limits.max_attempts) violate(frame + " was tried too often");
    if (options_.store_slots > 0 && slots_used_ >= options_.store_slots) {
      return scheduler_.frame_refused(command.worker, command.frame, now_);
    }
    worker.held.push_back(command.frame);
    ++slots_used_;
    send(worker.to_worker, Event::Kind::kTask, command.worker, command.frame);
    if (!worker.dead && chance(options_.idle_death)) die(command.worker, Time{0});
  }

  void deliver(const Command& command) {
    const std::string frame = "frame " + std::to_string(command.frame);
    if (command.frame != delivered_) violate(frame + " was delivered when " + std::to_string(delivered_) + " was due");
    ++delivered_;
    const auto done = results_.find(command.frame);
    if (command.state == TaskState::kOk) {
      ++report_.ok;
      if (done == results_.end()) violate(frame + " is ok without a result");
    } else if (command.state == TaskState::kFailed) {
      ++report_.failed;
      if (done != results_.end()) violate(frame + " failed although it had a result");
      if (command.attempt < options_.limits.max_attempts) violate(frame + " was given up too early: " + command.reason);
      if (command.reason.empty()) violate(frame + " failed without a reason");
    } else {
      ++report_.dropped;
      if (options_.limits.when_behind == WhenBehind::kWait) violate(frame + " was dropped");
    }
    if (done != results_.end()) results_.erase(done);
  }

  /// Frees what the worker holds, up to and with `frame`, or everything (-1).
  void let_go(WorkerId id, FrameId frame) {
    auto& held = workers_[id].held;
    while (!held.empty()) {
      const FrameId first = held.front();
      held.pop_front();
      --slots_used_;
      if (first == frame) return;
    }
  }

  void check_end() {
    if (!scheduler_.fatal().empty()) return;
    const ExecutorStatus status = store_.status();
    if (delivered_ != options_.frames) violate("frames were lost");
    if (status.frames_in_flight != 0 || status.frames_done() != options_.frames) violate("the counts do not add up");
    if (!store_.snapshot().tasks.empty()) violate("the table of tasks is not empty");
  }

  SimulationOptions options_;
  std::mt19937_64 random_;
  ControlStore store_;
  Scheduler scheduler_;
  SimulationReport report_;
  Time now_{0};
  Time driver_free_{0};
  Time rest_until_{0};  ///< what comes to the driver before that lies until then
  bool driver_acted_ = false;
  Time next_frame_at_{0};
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::int64_t next_number_ = 0;
  std::unordered_map<WorkerId, SimulatedWorker> workers_;
  std::unordered_map<FrameId, int> results_;
  std::int64_t slots_used_ = 0;
  std::int64_t asked_ = 0;
  std::int64_t submitted_ = 0;
  FrameId delivered_ = 0;
};

}  // namespace

SimulationReport simulate(const SimulationOptions& options) { return World(options).run(); }

SimulationOptions random_world(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto up_to = [&random](double most) { return std::uniform_real_distribution<double>(0, most)(random); };
  const auto sometimes = [&](double most) { return up_to(1) < 0.5 ? 0 : up_to(most); };
  SimulationOptions options;
  options.seed = seed;
  // Small teams more often than large ones.
  const int workers = std::max(1, static_cast<int>(std::pow(10, up_to(up_to(4)))));
  options.limits.workers = workers;
  options.limits.max_failed_starts = 20 + workers;
  options.limits.max_attempts = 1 + static_cast<std::int64_t>(up_to(5));
  options.limits.max_unfinished = workers * (1 + static_cast<std::int64_t>(up_to(16)));
  options.limits.max_undelivered = options.limits.max_unfinished * (1 + static_cast<std::int64_t>(up_to(4)));
  const double policy = up_to(1);
  if (policy > 0.6) {
    options.limits.when_behind = policy > 0.8 ? WhenBehind::kDropOldest : WhenBehind::kDropNewest;
    options.limits.live = true;
    options.limits.max_wait = Time(static_cast<Time::rep>(std::pow(10, up_to(9))));
    options.source_interval = Time(static_cast<Time::rep>(up_to(2) * 20e6 / workers));
  }
  options.frames = 200 + 10 * workers;
  options.frame_time = Time(static_cast<Time::rep>(std::pow(10, 4 + up_to(4.5))));
  options.frame_variation = up_to(1);
  options.death = sometimes(0.05);
  options.hang = sometimes(0.02);
  options.idle_death = sometimes(0.02);
  options.failed_start = sometimes(0.3);
  options.late = sometimes(0.1);
  options.lost = sometimes(0.02);
  options.poison_every = up_to(1) < 0.5 ? 0 : 10 + static_cast<std::int64_t>(up_to(100));
  options.store_slots = up_to(1) < 0.5 ? 0 : 1 + static_cast<std::int64_t>(up_to(2 * workers));
  return options;
}

}  // namespace capillaryx
