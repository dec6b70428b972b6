// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/pipeline.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <utility>

#include "analysis/capillary_analyzer.h"
#include "image/image.h"
#include "pipeline/analyzer_place.h"
#include "pipeline/frame_run.h"
#include "pipeline/status_file.h"
#include "pipeline/study_inputs.h"
#include "sink/clip_log.h"
#include "sink/csv_file.h"
#include "sink/folder_sink.h"
#include "sink/results_reader.h"
#include "source/folder.h"
#include "source/source_name.h"
#include "study/finished_folder.h"
#include "study/study_files.h"

namespace capillaryx {
namespace {

using Clock = std::chrono::steady_clock;

/// The analyzer that was made to see that it can be made: the first worker of this process takes it over.
class FirstAnalyzer {
 public:
  explicit FirstAnalyzer(std::unique_ptr<Analyzer> analyzer) : analyzer_(std::move(analyzer)) {}

  std::unique_ptr<Analyzer> take_or_make(const Options& options) {
    {
      const std::lock_guard lock(mutex_);
      if (analyzer_) return std::move(analyzer_);
    }
    return make_analyzer(options);
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<Analyzer> analyzer_;
};

bool workers_are_processes(const Options& options) {
  return options.executor == ExecutorKind::kRouter || options.executor == ExecutorKind::kRay ||
         (options.executor == ExecutorKind::kDriver && options.worker_kind == WorkerKind::kProcess);
}

/// What stands for the network of an analyzer without one.
ModelIdentity model_of(const Analyzer& analyzer) {
  ModelIdentity model = analyzer.model();
  if (model.name.empty()) model.name = analyzer.name();
  if (model.sha256.empty()) {
    const std::string text = analyzer.name() + " " + analyzer.version();
    model.sha256 = sha256_hex({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  return model;
}

struct Parts {
  RunIdentity identity;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<FrameSource> source;
  std::optional<Study> study;
};

/// Everything that can be wrong with options, network and inputs shows here, before a folder is touched.
Parts make_parts(const Options& options, const std::vector<std::string>& inputs) {
  if (inputs.empty()) throw Error(ErrorKind::kUsage, "there is no input: name pictures, folders or videos");
  check_analyzer_place(options);
  clip_folder_of(options.clips, inputs);
  const BuildInfo build = build_info();
  Parts parts;
  parts.identity = RunIdentity{.version = build.version,
                               .commit = build.commit,
                               .analyzer_name = kCapillaryAnalyzer,
                               .analyzer_version = kCapillaryAnalyzerVersion,
                               .model = build.model,
                               .inputs = inputs,
                               .executor = to_string(options.executor),
                               .workers = 0};
  // Nothing can be wrong with what the program ships, and making it, only to drop it, is half of the start.
  const bool shipped = options.analyzer == kCapillaryAnalyzer && options.model.empty();
  std::unique_ptr<Analyzer> analyzer;
  if (!shipped || !workers_are_processes(options)) {
    analyzer = make_analyzer(options);
    parts.identity.analyzer_name = analyzer->name();
    parts.identity.analyzer_version = analyzer->version();
    parts.identity.model = model_of(*analyzer);
  }
  if (workers_are_processes(options)) analyzer.reset();
  auto first = std::make_shared<FirstAnalyzer>(std::move(analyzer));
  parts.executor = make_executor(
      options, [first](const Options& options_of_worker) { return first->take_or_make(options_of_worker); });
  parts.identity.workers = parts.executor->workers();
  RunInputs run_inputs = find_run_inputs(inputs);
  check_levels(level_options(options.levels, options.compare), run_inputs.study);
  parts.source = open_named_source(run_inputs.inputs, options);
  parts.study = std::move(run_inputs.study);
  return parts;
}

/// Passes over what an earlier run has written.
void skip_present(FrameSource& source, std::int64_t present) {
  if (present == 0) return;
  const auto count = source.frame_count();
  if (count && *count < present) {
    throw Error(ErrorKind::kUsage, "the output folder holds " + std::to_string(present) + " frames, the inputs " +
                                       std::to_string(*count) + ": these are not the inputs that the run began with");
  }
  source.skip(present);
}

/// What was skipped but the run's own output folder, which lies among the inputs from its second session on.
std::vector<SkippedInput> skipped_inputs(const FrameSource& source, const std::filesystem::path& output) {
  std::error_code error;
  const std::string own = source_name(std::filesystem::weakly_canonical(output, error).string());
  std::vector<SkippedInput> skipped = source.skipped();
  std::erase_if(skipped, [&own](const SkippedInput& input) {
    return input.reason == kOutputFolder && own.ends_with("/" + input.source);
  });
  return skipped;
}

RunSummary complete(const RunCounts& counts, std::size_t skipped, std::int64_t resumed, bool stopped, double wall_s) {
  RunSummary summary = counts.summary();
  summary.resumed = resumed;
  summary.skipped_inputs = static_cast<std::int64_t>(skipped);
  summary.stopped = stopped;
  summary.wall_s = wall_s;
  return summary;
}

/// A run that writes no folder.
RunSummary run_between(FrameSource& source, Executor& executor, ResultSink& sink, const Options& options,
                       const std::stop_token& stop, Clock::time_point start) {
  RunCounts counts(options.keep_unusable);
  const bool stopped = run_frames(source, executor, sink, counts, stop, {});
  RunSummary summary = complete(counts, source.skipped().size(), 0, stopped,
                                std::chrono::duration<double>(Clock::now() - start).count());
  summary.warning = executor.status().warning;
  return summary;
}

}  // namespace

Pipeline::Pipeline(Options options) : options_(std::move(options)) { check_options(options_); }

RunSummary Pipeline::run(const std::vector<std::string>& inputs, const std::filesystem::path& output,
                         std::stop_token stop, const std::function<void(const Progress&)>& progress) {
  const auto start = Clock::now();
  const auto wall_s = [start] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  Parts parts = make_parts(options_, inputs);
  auto sink = std::make_unique<FolderSink>(output, options_, parts.identity);
  RunCounts counts(options_.keep_unusable);
  const std::int64_t resumed = sink->frames_present();
  if (resumed > 0) {
    read_journal(output / "results.jsonl", [&counts](const FrameResult& result) { counts.add(result); });
  }
  if (sink->finished()) {
    // The checksums are the last file of a run: it may have been interrupted before them.
    if (!std::filesystem::exists(output / "SHA256SUMS")) {
      finish_folder(output, level_options(options_.levels, options_.compare));
    }
    RunSummary summary = complete(counts, skipped_inputs(*parts.source, output).size(), resumed, false, wall_s());
    summary.already_finished = true;
    return summary;
  }
  skip_present(*parts.source, resumed);
  if (parts.study) set_study(output, *parts.study);

  StatusFile status(options_.status_file);
  Progress last;
  status.update(last, "running");
  const OnProgress on_progress = [&](const Progress& now) {
    last = now;
    if (progress) progress(now);
    status.update(now, "running");
  };
  bool stopped = false;
  try {
    stopped = run_frames(*parts.source, *parts.executor, *sink, counts, stop, on_progress);
    if (!stopped) sink->finish(skipped_inputs(*parts.source, output), wall_s());
    sink.reset();
    if (stopped) write_derived_files(output, csv_separator(options_.csv_separator));
    finish_folder(output, level_options(options_.levels, options_.compare));
  } catch (...) {
    try {
      status.update(last, "error");
    } catch (const Error&) {  // the first error is the one to tell
    }
    throw;
  }
  status.update(last, stopped ? "stopped" : "finished");
  RunSummary summary = complete(counts, skipped_inputs(*parts.source, output).size(), resumed, stopped, wall_s());
  summary.warning = parts.executor->status().warning;
  return summary;
}

RunSummary Pipeline::run(const std::vector<std::string>& inputs, const std::function<void(FrameResult)>& on_result,
                         std::stop_token stop) {
  const auto start = Clock::now();
  Parts parts = make_parts(options_, inputs);
  CallbackSink sink(on_result);
  return run_between(*parts.source, *parts.executor, sink, options_, stop, start);
}

RunSummary Pipeline::run(FrameSource& source, ResultSink& sink, std::stop_token stop) {
  const auto start = Clock::now();
  const auto executor = make_checked_executor(options_);
  return run_between(source, *executor, sink, options_, stop, start);
}

}  // namespace capillaryx
