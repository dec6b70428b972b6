// SPDX-License-Identifier: Apache-2.0
#include "pipeline/frame_run.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kProgressEvery{200};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Notes whether the source came to its end by itself, and holds its indices to 0, 1, 2, ...
class WatchedSource : public FrameSource {
 public:
  WatchedSource(FrameSource& source, std::int64_t first_index, std::stop_token stop)
      : source_(source), next_index_(first_index), stop_(std::move(stop)) {}

  std::optional<Frame> next() override {
    auto frame = source_.next();
    if (!frame) {
      // A source that was woken by stop() gives nothing too: that is not its end.
      ended_ = !stop_.stop_requested();
    } else if (frame->info().index != next_index_++) {
      throw Error(ErrorKind::kInternal, "frames came out of order: a defect of the source");
    }
    return frame;
  }
  void use_prober(std::shared_ptr<Prober> prober) override { source_.use_prober(std::move(prober)); }
  void skip(std::int64_t count) override {
    next_index_ += count;
    source_.skip(count);
  }
  void stop() override { source_.stop(); }
  std::optional<std::int64_t> frame_count() const override { return source_.frame_count(); }
  std::vector<SkippedInput> skipped() const override { return source_.skipped(); }

  bool ended() const { return ended_; }
  std::int64_t next_index() const { return next_index_; }

 private:
  FrameSource& source_;
  std::int64_t next_index_;
  std::stop_token stop_;
  bool ended_ = false;
};

/// Counts results and holds them to frame order before anything is kept of them.
class WatchedSink : public ResultSink {
 public:
  WatchedSink(ResultSink& sink, RunCounts& counts) : sink_(sink), counts_(counts) {}

  FrameFiles files(const FrameInfo& frame) override { return sink_.files(frame); }
  void write(FrameResult result) override {
    if (result.index != counts_.frames()) {
      throw Error(ErrorKind::kInternal, "results came out of order: a defect of the executor");
    }
    counts_.add(result);
    sink_.write(std::move(result));
  }

 private:
  ResultSink& sink_;
  RunCounts& counts_;
};

/// Calls `tick` now and again from its own thread until it goes, and a last time then.
class Ticker {
 public:
  explicit Ticker(std::function<void()> tick) : tick_(std::move(tick)) {
    if (tick_) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~Ticker() {
    if (!tick_) return;
    thread_.request_stop();
    thread_.join();
    call();
  }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      call();
      wake_.wait_for(lock, stop, kProgressEvery, [] { return false; });
    }
  }

  /// What only shows a run must not end it.
  void call() noexcept {
    try {
      tick_();
    } catch (...) {
    }
  }

  std::function<void()> tick_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace

bool run_frames(FrameSource& source, Executor& executor, ResultSink& sink, RunCounts& counts, std::stop_token stop,
                const OnProgress& on_progress) {
  const auto start = Clock::now();
  const std::int64_t resumed = counts.frames();
  const std::optional<std::int64_t> frame_count = source.frame_count();
  WatchedSource watched_source(source, resumed, stop);
  WatchedSink watched_sink(sink, counts);
  const std::stop_callback wake(stop, [&source] { source.stop(); });
  std::function<void()> tick;
  if (on_progress) {
    tick = [&] { on_progress(Progress{executor.status(), resumed, frame_count, seconds_since(start)}); };
  }
  const Ticker ticker(std::move(tick));
  executor.run(watched_source, watched_sink, stop);
  if (stop.stop_requested()) return !watched_source.ended() || counts.frames() != watched_source.next_index();
  if (counts.frames() != watched_source.next_index()) {
    throw Error(ErrorKind::kInternal, "frames were lost: a defect of the executor");
  }
  return false;
}

}  // namespace capillaryx
