// SPDX-License-Identifier: Apache-2.0
#include "executor/driver_executor.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "capillaryx/error.h"
#include "executor/frame_reader.h"
#include "executor/frame_worker.h"
#include "executor/mailbox_prober.h"

namespace capillaryx {
namespace {

using Clock = std::chrono::steady_clock;

/// Decoded frames in flight may hold this much, or one a worker and one more (live: two), whichever is more.
constexpr std::int64_t kPixelBytes = std::int64_t{128} << 20;

/// One run: joins source, scheduler, workers and sink in the caller's thread.
class Run : public WorkerEvents {
 public:
  Run(const SchedulerLimits& limits, ControlStore& store, const PoolFactory& pool, FrameSource& source,
      ResultSink& sink)
      : limits_(limits),
        store_(store),
        scheduler_(limits, store),
        sink_(sink),
        pool_(pool(loop_, *this, store)),
        reader_(
            source, loop_, [this](Frame frame) { on_frame(std::move(frame)); },
            [this](std::exception_ptr error) { on_source_end(std::move(error)); }) {
    // The source is not asked for anything yet.
    source.use_prober(std::make_shared<MailboxProber>(loop_, [this](auto file, auto done) { on_probe(file, done); }));
  }

  void work(const std::stop_token& stop) {
    const std::stop_callback on_stop(stop,
                                     [mailbox = loop_.mailbox(), this] { mailbox->post([this] { reader_.stop(); }); });
    scheduler_.begin(now());
    carry_out();
    while (!scheduler_.finished()) {
      // Not for Ctrl-C nor for a worker's end either: they are seen a moment later.
      if (const auto rest = scheduler_.rest_until(now())) std::this_thread::sleep_until(moment(*rest));
      loop_.run_once(deadline());
      scheduler_.check_time(now());
      carry_out();
      if (error_) std::rethrow_exception(error_);
      if (!scheduler_.fatal().empty()) throw Error(ErrorKind::kExecutor, scheduler_.fatal());
    }
    if (source_error_) std::rethrow_exception(source_error_);
  }

  void on_ready(WorkerId worker) override { scheduler_.worker_ready(worker, now()); }
  void on_ended(WorkerId worker, const std::string& reason) override { scheduler_.worker_ended(worker, reason, now()); }
  void on_result(WorkerId worker, FrameId frame, FrameResult result) override {
    const bool ok = result.status == Status::kOk;
    const auto found = frames_.find(frame);
    // The result goes in first: the scheduler may want it delivered at once.
    if (found == frames_.end() || found->second.result) return;
    found->second.result = std::move(result);
    if (scheduler_.frame_done(worker, frame, ok, now())) {
      let_go(found->second);
    } else {
      found->second.result.reset();
    }
  }
  void on_probed(WorkerId worker, FrameId frame, Probed probed) override {
    const auto found = frames_.find(frame);
    if (found == frames_.end() || !found->second.on_probed) return;
    if (!scheduler_.frame_done(worker, frame, true, now())) return;
    // At once: the source waits for it.
    std::exchange(found->second.on_probed, {})(std::move(probed));
    let_go(found->second);
  }
  void on_store_freed() override { scheduler_.store_freed(now()); }
  void on_error(std::exception_ptr error) override {
    if (!error_) error_ = std::move(error);
  }

 private:
  /// A frame that was handed in and not delivered. Its pixels or file are let go as soon as it has a result.
  struct Pending {
    Frame frame;
    FrameFiles files;
    bool has_files = false;  ///< the sink was asked for them
    std::optional<FrameResult> result;
    bool probe = false;
    std::function<void(Probed)> on_probed;  ///< of a probe that has not been answered
  };

  static Scheduler::Time now() { return std::chrono::duration_cast<Scheduler::Time>(Clock::now().time_since_epoch()); }
  static Clock::time_point moment(Scheduler::Time time) {
    return Clock::time_point(std::chrono::duration_cast<Clock::duration>(time));
  }
  std::optional<Clock::time_point> deadline() const {
    const auto next = scheduler_.next_deadline();
    if (!next) return std::nullopt;
    return moment(*next);
  }

  void on_frame(Frame frame) {
    ++frames_pulled_;
    Pending pending;
    pending.frame = std::move(frame);
    const PixelView& pixels = pending.frame.pixels();
    if (!pixels.empty()) {
      largest_frame_bytes_ = std::max(largest_frame_bytes_, std::int64_t{pixels.height} * pixels.stride_bytes);
      if (limits_.when_behind != WhenBehind::kWait) scheduler_.limit_unfinished(most_decoded(2 * limits_.workers + 1));
    }
    // The scheduler numbers frames as they are handed in.
    frames_.emplace(next_frame_++, std::move(pending));
    scheduler_.submit(now());
  }

  void on_probe(const std::shared_ptr<const OpenFile>& file, const std::function<void(Probed)>& done) {
    Pending pending;
    pending.frame = Frame::from_file({}, file);
    pending.probe = true;
    pending.on_probed = done;
    frames_.emplace(next_frame_++, std::move(pending));
    scheduler_.submit(now(), TaskKind::kProbe);
  }

  void on_source_end(std::exception_ptr error) {
    source_error_ = std::move(error);
    scheduler_.source_ended();
  }

  /// Carries out what the scheduler wants, and what it then wants, until there is nothing left; asks for more frames.
  void carry_out() {
    for (auto commands = scheduler_.take_commands(); !commands.empty(); commands = scheduler_.take_commands()) {
      for (const Command& command : commands) {
        switch (command.kind) {
          case Command::Kind::kStart:
            pool_->start(command.worker, command.slot);
            break;
          case Command::Kind::kAssign:
            assign(command);
            break;
          case Command::Kind::kEnd:
            pool_->end(command.worker);
            break;
          case Command::Kind::kDeliver:
            deliver(command);
            break;
        }
      }
    }
    ask_for_frames();
  }

  /// In handfuls: each call that asks for more wakes the source's thread.
  void ask_for_frames() {
    const std::int64_t wanted = wanted_frames();
    const std::int64_t handful = limits_.live ? 1 : std::max<std::int64_t>(limits_.max_unfinished / 4, 1);
    const bool few = store_.status().frames_in_flight < limits_.max_unfinished / 2;
    if (wanted >= handful || few) reader_.ask_for(frames_pulled_ + wanted);
  }

  /// What the scheduler wants, within what decoded frames may hold.
  std::int64_t wanted_frames() const {
    const std::int64_t wanted = scheduler_.wanted_frames();
    if (limits_.when_behind != WhenBehind::kWait) return wanted;
    std::int64_t room = wanted;
    if (frames_pulled_ == 0) room = 1;
    if (largest_frame_bytes_ > 0) {
      room = most_decoded(limits_.workers + 1) - store_.status().frames_in_flight;
    }
    return std::clamp<std::int64_t>(room, 0, wanted);
  }

  /// Decoded frames that may be in flight, but `least` in any case.
  std::int64_t most_decoded(std::int64_t least) const { return std::max(least, kPixelBytes / largest_frame_bytes_); }

  void assign(const Command& command) {
    Pending& pending = frames_.at(command.frame);
    if (!pending.has_files && !pending.probe) {
      pending.files = sink_.files(pending.frame.info());
      pending.has_files = true;
    }
    Task task{command.frame, pending.frame, pending.files, static_cast<int>(command.attempt), pending.probe};
    switch (pool_->assign(command.worker, std::move(task))) {
      case WorkerPool::Sent::kSent:
        break;
      case WorkerPool::Sent::kStoreFull:
        scheduler_.frame_refused(command.worker, command.frame, now());
        break;
      case WorkerPool::Sent::kTooLarge:
        on_result(command.worker, command.frame,
                  empty_result(pending.frame.info(), Status::kFailed, "the frame is larger than the object store"));
        break;
    }
  }

  void deliver(const Command& command) {
    const auto found = frames_.find(command.frame);
    Pending pending = std::move(found->second);
    frames_.erase(found);
    if (pending.probe) {
      if (pending.on_probed) pending.on_probed({nullptr, command.reason});
      return;
    }
    if (!pending.result) {
      const Status status = command.state == TaskState::kDropped ? Status::kDropped : Status::kFailed;
      pending.result = empty_result(pending.frame.info(), status, command.reason);
      pending.result->timing.attempt = static_cast<int>(std::max<std::int64_t>(command.attempt, 1));
    }
    if (pending.frame.info().captured) {
      const auto latency = Clock::now() - *pending.frame.info().captured;
      pending.result->timing.latency_ms = std::chrono::duration<double, std::milli>(latency).count();
    }
    sink_.write(std::move(*pending.result));
  }

  static void let_go(Pending& pending) {
    pending.files = {};
    pending.frame = Frame::unreadable(pending.frame.info(), "done");
  }

  SchedulerLimits limits_;
  ControlStore& store_;
  Scheduler scheduler_;
  ResultSink& sink_;
  EventLoop loop_;
  std::map<FrameId, Pending> frames_;
  FrameId next_frame_ = 0;
  std::int64_t frames_pulled_ = 0;
  std::int64_t largest_frame_bytes_ = 0;
  std::exception_ptr error_;
  std::exception_ptr source_error_;
  std::unique_ptr<WorkerPool> pool_;
  FrameReader reader_;
};

}  // namespace

SchedulerLimits scheduler_limits(const Options& options, int workers) {
  SchedulerLimits limits;
  limits.workers = workers;
  limits.max_attempts = options.max_attempts;
  limits.frame_time = std::chrono::duration_cast<Scheduler::Time>(std::chrono::duration<double>(options.timeout_s));
  // Many workers are started at once; the failures of some are known before the first is ready.
  limits.max_failed_starts = std::max(20, workers);
  limits.when_behind = options.when_behind;
  limits.max_wait =
      std::chrono::duration_cast<Scheduler::Time>(std::chrono::duration<double, std::milli>(options.max_wait_ms));
  limits.live = options.pace_fps > 0 || options.when_behind != WhenBehind::kWait;
  // Open files are what frames that wait cost; many workers must not run out of descriptors.
  limits.max_unfinished = std::min<std::int64_t>(16 * workers, workers + 128);
  limits.max_undelivered = 4 * limits.max_unfinished;
  // Stage pictures make a result as large as several frames.
  if (options.stages) {
    limits.max_undelivered = 2 * workers + 1;
    limits.max_unfinished = std::min(limits.max_unfinished, limits.max_undelivered);
  }
  return limits;
}

DriverExecutor::DriverExecutor(const Options& options, int workers, PoolFactory pool, SchedulerLimits::Time start_time)
    : options_(options), workers_(workers), pool_(std::move(pool)), start_time_(start_time) {}

void DriverExecutor::run(FrameSource& source, ResultSink& sink, std::stop_token stop) {
  const auto store = store_.renew();
  SchedulerLimits limits = scheduler_limits(options_, workers_);
  limits.start_time = start_time_;
  Run(limits, *store, pool_, source, sink).work(stop);
}

}  // namespace capillaryx
