// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "capillaryx/error.h"
#include "capillaryx/executor.h"
#include "capillaryx/frame_result.h"
#include "capillaryx/frame_source.h"
#include "capillaryx/options.h"
#include "capillaryx/result_sink.h"

/// Start here. A Pipeline joins a source of frames, an executor and an output:
///
///     capillaryx::Pipeline pipeline({.workers = 2});
///     pipeline.run({"frames"}, "out");                          // results, pictures and a report in out/
///     pipeline.run({"frames"}, [](capillaryx::FrameResult r) {  // or each result to a function
///       std::printf("%s %.4f\n", r.source.c_str(), r.density);
///     });
namespace capillaryx {

/// A mean over frames with its 95 % interval (bootstrap over frames), which one frame alone does not have.
struct MeanOverFrames {
  double mean = 0;
  std::optional<double> low;
  std::optional<double> high;
};

/// Capture to result of a live run's frames, dropped ones too; milliseconds.
struct Latency {
  double p50_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
};

/// A frame that could not be analysed, and why.
struct FailedFrame {
  std::int64_t index = 0;
  std::string source;
  std::string error;
};

/// What a run came to. Frames that an earlier run had written (resume) count like the others.
struct RunSummary {
  static constexpr std::size_t kMostFailures = 100;

  std::int64_t frames = 0;
  std::int64_t ok = 0;
  std::int64_t failed = 0;
  std::int64_t dropped = 0;
  std::int64_t resumed = 0;  ///< of `frames`, those that an earlier run had already written
  std::int64_t skipped_inputs = 0;
  std::int64_t unusable = 0;  ///< of those that are ok, those whose quality forbids to use them as data
  std::map<std::string, std::int64_t> unusable_reasons;  ///< frames with each reason
  std::int64_t measured = 0;                             ///< frames that enter the means
  std::int64_t capillaries = 0;                          ///< in all of these
  std::optional<MeanOverFrames> density;                 ///< area form, fraction; absent where no frame enters it
  std::optional<Latency> latency;                        ///< absent where nothing is live
  std::vector<FailedFrame> failures;                     ///< the first kMostFailures of them
  bool stopped = false;                                  ///< ended by request before the source did
  bool already_finished = false;                         ///< an earlier run had done all of it; nothing was done now
  double wall_s = 0;
  std::string warning;  ///< what the user should know (ExecutorStatus::warning); empty otherwise
};

/// Where a run stands, for whoever draws a progress bar.
struct Progress {
  ExecutorStatus executor;
  std::int64_t resumed = 0;
  std::optional<std::int64_t> frame_count;  ///< where it is known beforehand
  double wall_s = 0;
};

/// Threads: one thread at a time; several pipelines may run beside each other. `progress` is called from a thread of
/// the pipeline's own, a few times a second.
class Pipeline {
 public:
  /// Throws Error (kUsage) where an option is out of its range.
  explicit Pipeline(Options options);

  /// Analyses `inputs` (see open_source) into the folder `output`: results.jsonl as they come, then results.csv,
  /// coco.json, report.html, overlays/. A run that `stop` ended has the same files, but no summary line: `resume` goes
  /// on with it. A run that was finished already comes back at once. Throws Error; what was written is then kept.
  RunSummary run(const std::vector<std::string>& inputs, const std::filesystem::path& output, std::stop_token stop = {},
                 const std::function<void(const Progress&)>& progress = {});

  /// Analyses `inputs` and hands each result to `on_result`, in frame order, in the calling thread. Writes nothing.
  RunSummary run(const std::vector<std::string>& inputs, const std::function<void(FrameResult)>& on_result,
                 std::stop_token stop = {});

  /// Runs your own source into your own sink, in frame order, in the calling thread. Frame indices are 0, 1, 2, ...
  /// Options of inputs (`frames`, `repeat`, `every`, `clips`) and of output folders have no effect. Writes nothing.
  /// `stop` ends a source that waits, by FrameSource::stop.
  RunSummary run(FrameSource& source, ResultSink& sink, std::stop_token stop = {});

  const Options& options() const { return options_; }

 private:
  Options options_;
};

/// Version, commit and build of the library, and the network that it ships.
struct BuildInfo {
  std::string version;
  std::string commit;
  std::string build;  ///< build type, compiler
  ModelIdentity model;
};
BuildInfo build_info();

}  // namespace capillaryx
