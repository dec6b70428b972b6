// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/session.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "capillaryx/error.h"
#include "capillaryx/frame_source.h"
#include "capillaryx/result_sink.h"
#include "pipeline/analyzer_place.h"

namespace capillaryx {
namespace {

constexpr std::size_t kFramesPerWorker = 4, kFramesBeside = 8;

Frame with_info(const Frame& frame, FrameInfo info) {
  if (!frame.error().empty()) return Frame::unreadable(std::move(info), frame.error());
  if (frame.file()) return Frame::from_file(std::move(info), frame.file());
  return Frame::from_pixels(std::move(info), frame.pixels(), frame.owner());
}

}  // namespace

/// The executor's source and sink at once.
struct Session::State : FrameSource, ResultSink {
  State(Options options, std::size_t wanted_capacity) {
    executor = make_checked_executor(options);
    const auto workers = static_cast<std::size_t>(executor->workers());
    capacity = wanted_capacity > 0 ? wanted_capacity : kFramesPerWorker * workers + kFramesBeside;
    thread = std::thread([this] { work(); });
  }

  void work() {
    std::exception_ptr thrown;
    try {
      executor->run(*this, *this, stop_run.get_token());
    } catch (...) {
      thrown = std::current_exception();
    }
    const std::lock_guard lock(mutex);
    error = thrown;
    ended = true;
    changed.notify_all();
  }

  std::optional<Frame> next() override {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return !frames.empty() || finished || cancelled || stopped; });
    if (cancelled || stopped || frames.empty()) return std::nullopt;
    Frame frame = std::move(frames.front());
    frames.pop_front();
    return frame;
  }

  // The executor ends.
  void stop() override {
    const std::lock_guard lock(mutex);
    stopped = true;
    changed.notify_all();
  }

  void write(FrameResult result) override {
    const std::lock_guard lock(mutex);
    ++written;
    if (!cancelled) results.push_back(std::move(result));
    changed.notify_all();
  }

  void cancel() {
    // Their memory is given back without the lock: its holder may need another.
    std::deque<Frame> no_frames;
    std::deque<FrameResult> no_results;
    {
      const std::lock_guard lock(mutex);
      cancelled = true;
      frames.swap(no_frames);
      results.swap(no_results);
      changed.notify_all();
    }
    stop_run.request_stop();
  }

  // The rest with the lock held.
  bool full() const { return static_cast<std::size_t>(submitted - taken) >= capacity; }
  bool is_closed() const { return finished || cancelled || ended; }
  bool has_news() const { return !results.empty() || ended || cancelled; }

  std::int64_t push(const Frame& frame) {
    if (error && !cancelled) std::rethrow_exception(error);
    if (is_closed()) {
      throw Error(ErrorKind::kUsage, "the session takes no frames any more: it was finished or cancelled");
    }
    FrameInfo info = frame.info();
    const std::int64_t index = info.index = submitted++;
    if (info.file.empty()) info.file = info.source;
    frames.push_back(with_info(frame, std::move(info)));
    changed.notify_all();
    return index;
  }

  std::optional<FrameResult> pop() {
    if (cancelled) return std::nullopt;
    if (results.empty()) {
      if (error) std::rethrow_exception(error);
      return std::nullopt;
    }
    std::optional<FrameResult> result = std::move(results.front());
    results.pop_front();
    ++taken;
    changed.notify_all();
    return result;
  }

  std::unique_ptr<Executor> executor;
  std::size_t capacity = 0;
  std::stop_source stop_run;
  mutable std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex.
  std::deque<Frame> frames;
  std::deque<FrameResult> results;
  std::int64_t submitted = 0, written = 0, taken = 0;
  bool finished = false, cancelled = false, stopped = false, ended = false;
  std::exception_ptr error;
  std::thread thread;
};

Session::Session(Options options, std::size_t capacity)
    : state_(std::make_unique<State>(std::move(options), capacity)) {}

Session::~Session() { close(); }

void Session::close() {
  state_->cancel();
  if (state_->thread.joinable()) state_->thread.join();
}

std::int64_t Session::submit(Frame frame) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  state.changed.wait(lock, [&state] { return !state.full() || state.is_closed(); });
  return state.push(frame);
}

std::int64_t Session::submit(const PixelView& pixels, const std::string& source) {
  return submit(Frame::copy_pixels({.index = 0, .source = source, .time_s = {}}, pixels));
}

std::optional<std::int64_t> Session::try_submit(Frame frame, double timeout_s) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  const bool room = state.changed.wait_for(lock, std::chrono::duration<double>(timeout_s),
                                           [&state] { return !state.full() || state.is_closed(); });
  if (!room) return std::nullopt;
  return state.push(frame);
}

std::optional<FrameResult> Session::next() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  state.changed.wait(lock, [&state] { return state.has_news(); });
  return state.pop();
}

std::optional<FrameResult> Session::try_next(double timeout_s) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  state.changed.wait_for(lock, std::chrono::duration<double>(timeout_s), [&state] { return state.has_news(); });
  return state.pop();
}

bool Session::done() const {
  const State& state = *state_;
  const std::lock_guard lock(state.mutex);
  return state.cancelled || (state.ended && state.results.empty());
}

void Session::finish() {
  const std::lock_guard lock(state_->mutex);
  state_->finished = true;
  state_->changed.notify_all();
}

bool Session::wait(double timeout_s) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  const auto done = [&state] { return state.written == state.submitted || state.ended || state.cancelled; };
  const bool in_time = state.changed.wait_for(lock, std::chrono::duration<double>(timeout_s), done);
  if (state.error && !state.cancelled) std::rethrow_exception(state.error);
  return in_time && state.written == state.submitted;
}

void Session::cancel() { state_->cancel(); }

ExecutorStatus Session::status() const { return state_->executor->status(); }
std::size_t Session::capacity() const { return state_->capacity; }

}  // namespace capillaryx
