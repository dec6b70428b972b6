// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_measure.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "capillaryx/error.h"
#include "capillaryx/executor.h"
#include "capillaryx/frame_source.h"
#include "capillaryx/result_sink.h"
#include "image/image.h"
#include "os/process_tree.h"
#include "os/scratch_file.h"
#include "sink/results_reader.h"

namespace capillaryx::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kSampleEvery{100};
constexpr std::chrono::seconds kLongestStart{120};

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// CPU time of the driver (this process) and of everything.
struct CpuTime {
  double driver_s = 0;
  double all_s = 0;
};

CpuTime cpu_time() {
  CpuTime time;
  const auto tree = process_tree(false);
  for (const ProcessUse& use : tree) time.all_s += use.cpu_s;
  if (!tree.empty()) time.driver_s = tree[0].cpu_s;
  time.all_s += ended_children_cpu_s();
  return time;
}

/// Where warm-up ends and the clock starts and stops; both the source and the sink tell it what passes.
class Stopwatch {
 public:
  explicit Stopwatch(std::int64_t warm_up) : warm_up_(warm_up) {}

  void wait_for_results(std::int64_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, count] { return done_ >= count; });
  }
  /// Waits until every warm-up frame is done, then starts the clock.
  void start_when_warm() {
    wait_for_results(warm_up_);
    const std::lock_guard lock(mutex_);
    if (started_) return;
    started_ = Clock::now();
    cpu_at_start_ = cpu_time();
    energy_at_start_ = package_energy_j();
  }
  void count_result() {
    const std::lock_guard lock(mutex_);
    if (++done_ <= warm_up_) changed_.notify_all();
    if (started_) last_ = Clock::now();
  }
  std::optional<Clock::time_point> started() const {
    const std::lock_guard lock(mutex_);
    return started_;
  }
  double wall_s() const { return seconds_between(started_.value(), last_); }
  CpuTime cpu_at_start() const { return cpu_at_start_; }
  std::optional<double> energy_at_start() const { return energy_at_start_; }

 private:
  std::int64_t warm_up_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t done_ = 0;
  std::optional<Clock::time_point> started_;
  Clock::time_point last_;
  CpuTime cpu_at_start_;
  std::optional<double> energy_at_start_;
};

std::int64_t warm_up_frames(const Executor& executor) { return 2 * std::int64_t{executor.workers()}; }

Frame renumbered(const Frame& frame, std::int64_t by) {
  FrameInfo info = frame.info();
  info.index += by;
  if (frame.file()) return Frame::from_file(std::move(info), frame.file());
  if (!frame.pixels().empty()) return Frame::from_pixels(std::move(info), frame.pixels(), frame.owner());
  return Frame::unreadable(std::move(info), frame.error());
}

/// As many frames as there are workers, so that all are started; once all are idle, one for each; then those that are
/// measured.
class MeasuredSource : public FrameSource {
 public:
  MeasuredSource(const std::vector<std::string>& inputs, Options options, std::int64_t frames, const Executor& executor,
                 Stopwatch& stopwatch)
      : executor_(executor), stopwatch_(stopwatch), warm_up_(warm_up_frames(executor)) {
    options.repeat = 1'000'000'000;
    options.frames = warm_up_;
    warm_ = open_source(inputs, options);
    options.frames = frames;
    measured_ = open_source(inputs, options);
  }

  void use_prober(std::shared_ptr<Prober> prober) override {
    warm_->use_prober(prober);
    measured_->use_prober(std::move(prober));
  }

  std::optional<Frame> next() override {
    if (given_ == executor_.workers()) wait_for_workers();
    if (given_++ < warm_up_) {
      if (auto frame = warm_->next()) return frame;
      throw Error(ErrorKind::kInput, "the inputs hold too few frames to measure with");
    }
    stopwatch_.start_when_warm();
    const auto frame = measured_->next();
    if (!frame) return std::nullopt;
    return renumbered(*frame, warm_up_);
  }

 private:
  void wait_for_workers() {
    stopwatch_.wait_for_results(given_);
    const auto begun = Clock::now();
    while (executor_.status().workers_ready < executor_.workers()) {
      if (Clock::now() - begun > kLongestStart) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  const Executor& executor_;
  Stopwatch& stopwatch_;
  std::int64_t warm_up_;
  std::int64_t given_ = 0;
  std::unique_ptr<FrameSource> warm_;
  std::unique_ptr<FrameSource> measured_;
};

/// Collects the reports of the measured frames.
class MeasuredSink : public ResultSink {
 public:
  MeasuredSink(std::int64_t warm_up, bool overlays, Stopwatch& stopwatch)
      : warm_up_(warm_up), overlays_(overlays), stopwatch_(stopwatch) {}

  FrameFiles files(const FrameInfo& /*frame*/) override {
    return {overlays_ ? std::make_shared<const OpenFile>(scratch_file().release()) : nullptr, nullptr};
  }

  void write(FrameResult result) override {
    stopwatch_.count_result();
    if (result.index < warm_up_) return;
    result.index -= warm_up_;
    frame_ms.push_back(result.timing.total_ms);
    failed += result.status == Status::kFailed ? 1 : 0;
    result.timing = {};
    line_.clear();
    append_frame_line(line_, result);
    if (::write(lines_.number(), line_.data(), line_.size()) != static_cast<ssize_t>(line_.size())) {
      throw Error(ErrorKind::kOutput, "there is no memory left for the results");
    }
    bytes_ += line_.size();
  }

  /// Of the lines of all measured frames; worked out after the measuring, so that no time is charged for it.
  std::string digest() const {
    std::vector<std::uint8_t> lines(bytes_);
    if (::pread(lines_.number(), lines.data(), lines.size(), 0) != static_cast<ssize_t>(lines.size())) {
      throw Error(ErrorKind::kOutput, "the results cannot be read again");
    }
    return sha256_hex(lines);
  }

  std::vector<double> frame_ms;
  std::int64_t failed = 0;

 private:
  std::int64_t warm_up_;
  bool overlays_;
  Stopwatch& stopwatch_;
  std::string line_;
  Descriptor lines_ = scratch_file();  ///< as a run's results.jsonl takes them
  std::size_t bytes_ = 0;
};

/// Looks at the CPU time of all processes ten times a second.
class CpuSampler {
 public:
  explicit CpuSampler(const Stopwatch& stopwatch)
      : stopwatch_(stopwatch), thread_([this](const std::stop_token& stop) { run(stop); }) {}

  /// [seconds since the start, cores in use since the sample before], ...
  nlohmann::json stop() {
    thread_.request_stop();
    thread_.join();
    return std::move(samples_);
  }
  /// What looking took of this process's CPU time: no part of what is measured. Only after stop().
  double own_cpu_s() const { return own_cpu_s_; }

 private:
  void run(const std::stop_token& stop) {
    std::optional<Clock::time_point> last;
    double last_cpu_s = 0;
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(kSampleEvery);
      const auto started = stopwatch_.started();
      if (!started) continue;
      const auto now = Clock::now();
      const double cpu_s = cpu_time().all_s;
      if (last && *last >= *started) {
        samples_.push_back({seconds_between(*started, now), (cpu_s - last_cpu_s) / seconds_between(*last, now)});
      }
      last = now;
      last_cpu_s = cpu_s;
    }
    own_cpu_s_ = this_thread_cpu_s();
  }

  const Stopwatch& stopwatch_;
  nlohmann::json samples_ = nlohmann::json::array();
  double own_cpu_s_ = 0;
  std::jthread thread_;
};

/// Looks at everybody's memory before the workers go.
class MemoryAtEnd : public ResultSink {
 public:
  MemoryAtEnd(ResultSink& sink, std::int64_t last_index) : sink_(sink), last_index_(last_index) {}
  FrameFiles files(const FrameInfo& frame) override { return sink_.files(frame); }
  void write(FrameResult result) override {
    const bool last = result.index == last_index_;
    sink_.write(std::move(result));
    if (!last) return;
    cpu = cpu_time();
    energy_j = package_energy_j();
    tree = process_tree(true);
  }

  CpuTime cpu;
  std::optional<double> energy_j;
  std::vector<ProcessUse> tree;

 private:
  ResultSink& sink_;
  std::int64_t last_index_;
};

}  // namespace

nlohmann::json measure(const std::vector<std::string>& inputs, const Options& options, std::int64_t frames) {
  const auto begun = Clock::now();
  const auto executor = make_executor(options);
  const std::int64_t warm_up = warm_up_frames(*executor);
  Stopwatch stopwatch(warm_up);
  MeasuredSource source(inputs, options, frames, *executor, stopwatch);
  MeasuredSink sink(warm_up, options.overlays, stopwatch);
  MemoryAtEnd end(sink, warm_up + frames - 1);
  CpuSampler sampler(stopwatch);
  executor->run(source, end, {});
  nlohmann::json over_time = sampler.stop();
  if (static_cast<std::int64_t>(sink.frame_ms.size()) != frames) {
    throw Error(ErrorKind::kInput, "the inputs gave fewer frames than were asked for");
  }
  nlohmann::json made{{"digest", sink.digest()},
                      {"workers", executor->workers()},
                      {"frames", frames},
                      {"failed", sink.failed},
                      {"start_s", seconds_between(begun, stopwatch.started().value())},
                      {"wall_s", stopwatch.wall_s()},
                      {"frame_ms", sink.frame_ms},
                      {"cpu_s", end.cpu.all_s - stopwatch.cpu_at_start().all_s - sampler.own_cpu_s()},
                      {"driver_cpu_s", end.cpu.driver_s - stopwatch.cpu_at_start().driver_s - sampler.own_cpu_s()},
                      {"cpu_over_time", std::move(over_time)},
                      {"energy_j", nullptr},
                      {"driver_peak_bytes", end.tree.empty() ? 0 : end.tree[0].peak_bytes},
                      {"driver_resident_bytes", end.tree.empty() ? 0 : end.tree[0].resident_bytes},
                      {"worker_peak_bytes", 0},
                      {"worker_resident_bytes", 0}};
  const auto energy_before = stopwatch.energy_at_start();
  if (energy_before && end.energy_j && *end.energy_j >= *energy_before)
    made["energy_j"] = *end.energy_j - *energy_before;
  for (std::size_t i = 1; i < end.tree.size(); ++i) {
    made["worker_peak_bytes"] = std::max(made["worker_peak_bytes"].get<std::int64_t>(), end.tree[i].peak_bytes);
    made["worker_resident_bytes"] =
        std::max(made["worker_resident_bytes"].get<std::int64_t>(), end.tree[i].resident_bytes);
  }
  return made;
}

}  // namespace capillaryx::cli
