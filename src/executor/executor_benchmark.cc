// SPDX-License-Identifier: Apache-2.0
// What the parallel system costs: an analyzer that does nothing, worker processes that are this program itself.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "capillaryx/executor.h"
#include "executor/process_worker.h"
#include "os/process.h"

namespace capillaryx {
namespace {

using Clock = std::chrono::steady_clock;

class DoNothing : public Analyzer {
 public:
  std::string name() const override { return "nothing"; }
  std::string version() const override { return "1"; }
  ModelIdentity model() const override { return {"nothing", std::string(64, '0')}; }
  FrameResult analyze(const Frame&) override { return {}; }
};

std::unique_ptr<Analyzer> make_nothing(const Options&) { return std::make_unique<DoNothing>(); }

Options processes(std::int64_t workers) {
  Options options;
  options.executor = ExecutorKind::kDriver;
  options.worker_kind = WorkerKind::kProcess;
  options.worker_command = "[\"" + program_path() + "\", \"worker\"]";
  options.workers = workers;
  return options;
}

/// The same pixels again and again; `one_at_a_time` waits for a frame's result before it gives the next.
class Pixels : public FrameSource {
 public:
  Pixels(std::int64_t frames, int width, int height)
      : frames_(frames),
        width_(width),
        height_(height),
        pixels_(std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(width) * height * 3, 128)) {}

  std::optional<Frame> next() override {
    if (next_ == frames_) return std::nullopt;
    FrameInfo info;
    info.index = next_++;
    info.source = "frame";
    return Frame::from_pixels(info, {pixels_->data(), width_, height_, 3, std::ptrdiff_t{width_} * 3}, pixels_);
  }

 private:
  std::int64_t frames_;
  int width_;
  int height_;
  std::shared_ptr<std::vector<std::uint8_t>> pixels_;
  std::int64_t next_ = 0;
};

/// When each result came.
class Arrivals : public ResultSink {
 public:
  std::vector<Clock::time_point> times;
  void write(FrameResult /*result*/) override { times.push_back(Clock::now()); }
};

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// Frames per second, from the first result to the last: the workers' start is not in it.
void frames_per_second(benchmark::State& state, int width, int height, std::int64_t frames) {
  for (auto _ : state) {
    Pixels source(frames, width, height);
    Arrivals sink;
    make_executor(processes(state.range(0)), make_nothing)->run(source, sink, {});
    const std::chrono::duration<double> took = sink.times.back() - sink.times[sink.times.size() / 10];
    state.SetIterationTime(took.count());
    state.counters["frames_per_s"] = 0.9 * static_cast<double>(frames) / took.count();
  }
}

void small_frames(benchmark::State& state) { frames_per_second(state, 64, 64, 50'000); }
void full_hd_frames(benchmark::State& state) { frames_per_second(state, 1920, 1080, 1'000); }

/// One frame at a time, from its hand-over to its result.
void one_in_flight(benchmark::State& state, int width, int height, std::int64_t frames) {
  for (auto _ : state) {
    std::mutex mutex;
    std::condition_variable changed;
    std::int64_t written = 0;
    std::vector<Clock::time_point> given;
    class OneByOne : public Pixels {
     public:
      using Pixels::Pixels;
      std::function<void()> before;
      std::optional<Frame> next() override {
        before();
        return Pixels::next();
      }
    };
    OneByOne source(frames, width, height);
    source.before = [&] {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return written == static_cast<std::int64_t>(given.size()); });
      given.push_back(Clock::now());
    };
    class Sink : public Arrivals {
     public:
      std::function<void()> after;
      void write(FrameResult result) override {
        Arrivals::write(std::move(result));
        after();
      }
    };
    Sink sink;
    sink.after = [&] {
      const std::lock_guard lock(mutex);
      ++written;
      changed.notify_one();
    };
    make_executor(processes(1), make_nothing)->run(source, sink, {});
    std::vector<double> us;
    for (std::size_t i = sink.times.size() / 10; i < sink.times.size(); ++i) {
      us.push_back(std::chrono::duration<double, std::micro>(sink.times[i] - given[i]).count());
    }
    state.SetIterationTime(percentile(us, 0.5) / 1e6);
    state.counters["p50_us"] = percentile(us, 0.5);
    state.counters["p99_us"] = percentile(us, 0.99);
  }
}

/// Frames as a camera gives them, 30 a second for a minute: from capture to result, and how many were dropped.
void camera_frames(benchmark::State& state) {
  constexpr std::int64_t kFrames = 1'800;
  static constexpr std::chrono::duration<double> kPeriod(1.0 / 30);
  class Camera : public Pixels {
   public:
    using Pixels::Pixels;
    std::optional<Frame> next() override {
      auto frame = Pixels::next();
      if (!frame) return frame;
      FrameInfo info = frame->info();
      if (info.index == 0) first_ = Clock::now();
      const auto due = first_ + std::chrono::duration_cast<Clock::duration>(static_cast<double>(info.index) * kPeriod);
      std::this_thread::sleep_until(due);
      info.captured = due;
      return Frame::from_pixels(info, frame->pixels(), frame->owner());
    }

   private:
    Clock::time_point first_;
  };
  class Latencies : public ResultSink {
   public:
    std::vector<double> ms;
    double dropped = 0;
    void write(FrameResult result) override {
      if (result.status == Status::kDropped) ++dropped;
      if (result.status == Status::kOk) ms.push_back(result.timing.latency_ms.value_or(0));
    }
  };
  for (auto _ : state) {
    Camera source(kFrames, 1920, 1080);
    Latencies sink;
    Options options = processes(2);
    options.when_behind = WhenBehind::kDropOldest;
    make_executor(options, make_nothing)->run(source, sink, {});
    state.SetIterationTime(percentile(sink.ms, 0.99) / 1e3);
    state.counters["dropped"] = sink.dropped;
    state.counters["p50_ms"] = percentile(sink.ms, 0.5);
    state.counters["p99_ms"] = percentile(sink.ms, 0.99);
  }
}

void small_frame_round_trip(benchmark::State& state) { one_in_flight(state, 64, 64, 5'000); }
void full_hd_frame_round_trip(benchmark::State& state) { one_in_flight(state, 1920, 1080, 300); }

BENCHMARK(small_frames)->Arg(1)->Arg(2)->UseManualTime()->Iterations(1)->Repetitions(3)->Unit(benchmark::kMillisecond);
BENCHMARK(full_hd_frames)->Arg(2)->UseManualTime()->Iterations(1)->Repetitions(3)->Unit(benchmark::kMillisecond);
BENCHMARK(camera_frames)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(small_frame_round_trip)->UseManualTime()->Iterations(1)->Repetitions(5)->Unit(benchmark::kMicrosecond);
BENCHMARK(full_hd_frame_round_trip)->UseManualTime()->Iterations(1)->Repetitions(5)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace capillaryx

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "worker") {
    return capillaryx::run_worker_program(capillaryx::make_nothing).value_or(2);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
