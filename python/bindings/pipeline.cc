// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/pipeline.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "bindings.h"

namespace capillaryx::python {
namespace {

/// Results that wait for Python to take them: few, as each may carry pictures.
constexpr std::size_t kMostWaiting = 16;
/// How long Ctrl-C may go unnoticed.
constexpr std::chrono::milliseconds kLookForSignals{50};

nb::object results_class(const char* name) { return nb::module_::import_("capillaryx.results").attr(name); }

nb::object summary_to_python(const RunSummary& summary) {
  nb::list failures;
  for (const FailedFrame& frame : summary.failures) {
    failures.append(results_class("FailedFrame")(frame.index, frame.source, frame.error));
  }
  nb::object density = nb::none();
  if (summary.density) {
    density = results_class("MeanOverFrames")(summary.density->mean, summary.density->low, summary.density->high);
  }
  nb::object latency = nb::none();
  if (summary.latency) {
    latency = results_class("Latency")(summary.latency->p50_ms, summary.latency->p95_ms, summary.latency->p99_ms);
  }
  nb::dict fields;
  fields["frames"] = summary.frames;
  fields["ok"] = summary.ok;
  fields["failed"] = summary.failed;
  fields["dropped"] = summary.dropped;
  fields["resumed"] = summary.resumed;
  fields["skipped_inputs"] = summary.skipped_inputs;
  fields["capillaries"] = summary.capillaries;
  fields["density"] = density;
  fields["latency"] = latency;
  fields["failures"] = nb::tuple(failures);
  fields["stopped"] = summary.stopped;
  fields["already_finished"] = summary.already_finished;
  fields["wall_s"] = summary.wall_s;
  fields["warning"] = summary.warning;
  return results_class("RunSummary")(**fields);
}

/// A Pipeline::run in its own thread, as Python's main thread must stay free for Ctrl-C. Either results are taken
/// one after another (`next`), or they go into a folder (`wait`).
class PipelineRun {
 public:
  PipelineRun(const std::string& options_json, std::vector<std::string> inputs, std::optional<std::string> output)
      : pipeline_(options_of(options_json)), inputs_(std::move(inputs)), output_(std::move(output)) {
    thread_ = std::thread([this] { work(); });
  }
  ~PipelineRun() { close(); }
  PipelineRun(const PipelineRun&) = delete;
  PipelineRun& operator=(const PipelineRun&) = delete;

  nb::object next() {
    while (true) {
      std::optional<FrameResult> result;
      bool ended = false;
      {
        const nb::gil_scoped_release unlocked;
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, kLookForSignals, [this] { return !results_.empty() || ended_; });
        ended = ended_;
        if (!results_.empty()) {
          result = std::move(results_.front());
          results_.pop_front();
          changed_.notify_all();
        }
      }
      if (result) return to_python(std::move(*result));
      if (ended) {
        rethrow();
        throw nb::stop_iteration();
      }
      if (PyErr_CheckSignals() != 0) {
        stop_.request_stop();
        throw nb::python_error();
      }
    }
  }

  /// Until the run has ended; `on_progress(Progress)` (or None) is called now and again, in this thread. What it or a
  /// signal raises stops the run, whose files are then finished before it goes on up.
  nb::object wait(const nb::object& on_progress) {
    std::optional<nb::python_error> raised;
    while (true) {
      std::optional<Progress> progress;
      bool ended = false;
      {
        const nb::gil_scoped_release unlocked;
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, kLookForSignals, [this] { return ended_ || progress_; });
        ended = ended_;
        progress = std::exchange(progress_, std::nullopt);
      }
      try {
        if (progress && !on_progress.is_none() && !raised) on_progress(progress_to_python(*progress));
        if (PyErr_CheckSignals() != 0) throw nb::python_error();
      } catch (const nb::python_error& error) {
        raised.emplace(error);
        stop_.request_stop();
      }
      if (ended) break;
    }
    if (raised) throw nb::python_error(*raised);
    rethrow();
    return summary();
  }

  nb::object summary() {
    const std::lock_guard lock(mutex_);
    return summary_ ? summary_to_python(*summary_) : nb::none();
  }

  /// Stops the run, waits for the frames in flight, and forgets them. Once is enough.
  void close() {
    const nb::gil_scoped_release unlocked;
    stop_.request_stop();
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      results_.clear();
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void work() {
    std::optional<RunSummary> summary;
    std::exception_ptr error;
    try {
      summary = output_
                    ? pipeline_.run(inputs_, *output_, stop_.get_token(), [this](const Progress& now) { take(now); })
                    : pipeline_.run(
                          inputs_, [this](FrameResult result) { take(std::move(result)); }, stop_.get_token());
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    summary_ = std::move(summary);
    error_ = std::move(error);
    ended_ = true;
    changed_.notify_all();
  }

  void take(FrameResult result) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return results_.size() < kMostWaiting || closed_; });
    if (closed_) return;
    results_.push_back(std::move(result));
    changed_.notify_all();
  }

  void take(const Progress& now) {
    const std::lock_guard lock(mutex_);
    progress_ = now;
    changed_.notify_all();
  }

  void rethrow() {
    std::exception_ptr error;
    {
      const std::lock_guard lock(mutex_);
      error = std::exchange(error_, nullptr);
    }
    if (error) std::rethrow_exception(error);
  }

  Pipeline pipeline_;
  std::vector<std::string> inputs_;
  std::optional<std::string> output_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<FrameResult> results_;
  std::optional<Progress> progress_;
  std::optional<RunSummary> summary_;
  std::exception_ptr error_;
  bool ended_ = false;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace

nb::object progress_to_python(const Progress& progress) {
  const ExecutorStatus& now = progress.executor;
  nb::dict fields;
  fields["frame_count"] = nb::cast(progress.frame_count);
  fields["frames_done"] = progress.resumed + now.frames_done();
  fields["frames_failed"] = now.frames_failed;
  fields["frames_in_flight"] = now.frames_in_flight;
  fields["workers_ready"] = now.workers_ready;
  fields["worker_deaths"] = now.worker_deaths;
  fields["retries"] = now.retries;
  fields["warning"] = now.warning;
  fields["wall_s"] = progress.wall_s;
  return results_class("Progress")(**fields);
}

void add_pipeline(nb::module_& module) {
  nb::class_<PipelineRun>(module, "PipelineRun")
      .def(nb::init<const std::string&, std::vector<std::string>, std::optional<std::string>>(),
           nb::arg("options_json"), nb::arg("inputs"), nb::arg("output") = nb::none())
      .def("next", &PipelineRun::next, nb::sig("def next(self) -> capillaryx.results.FrameResult"))
      .def("wait", &PipelineRun::wait, nb::arg("on_progress") = nb::none(),
           nb::sig(
               "def wait(self, on_progress: collections.abc.Callable[[capillaryx.results.Progress], object] | None = "
               "None) -> capillaryx.results.RunSummary"))
      .def("summary", &PipelineRun::summary, nb::sig("def summary(self) -> capillaryx.results.RunSummary | None"))
      .def("close", &PipelineRun::close);
  module.def(
      "build_info",
      [] {
        const BuildInfo info = build_info();
        return nb::make_tuple(info.version, info.commit, info.build, info.model.name, info.model.sha256);
      },
      nb::sig("def build_info() -> tuple[str, str, str, str, str]"));
}

}  // namespace capillaryx::python
