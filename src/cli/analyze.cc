// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capillaryx/pipeline.h"
#include "cli/coded_inputs.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/option_flags.h"
#include "cli/progress_display.h"
#include "cli/terminal.h"

namespace capillaryx::cli {
namespace {

constexpr std::size_t kMostFailuresShown = 20;

constexpr const char* kExamples = R"(Examples:
  capillaryx analyze frames -o out                 every picture in a folder, on every core
  capillaryx analyze a.png b.tif -o out --force    two pictures; replaces what is in out
  capillaryx analyze clip.avi -o out --every 25    every 25th frame of a video (needs ffmpeg)
  capillaryx analyze camera:0 -o out --frames 100 --when-behind drop_oldest
  capillaryx analyze phantom:20 -o out             20 synthetic frames
  capillaryx analyze frames -o out --resume        goes on with a run that was interrupted

Exit code: 0 all frames analysed, 1 the run ended on an error, 2 wrong usage, 3 finished but
some frames failed, 130 ended by Ctrl-C (what was done is kept).
Research use only, not for diagnosis.)";

struct AnalyzeArguments {
  std::vector<std::string> inputs;
  std::string output;
  std::string key;
  bool quiet = false;
  Options options;
};

std::string percent(double fraction) { return fmt::format("{:.3g}", 100 * fraction); }

void print_failures(const RunSummary& summary, bool colour) {
  if (summary.failed == 0) return;
  fmt::print("{}failed:{}\n", colour ? "\x1b[31m" : "", colour ? "\x1b[0m" : "");
  const std::size_t shown = std::min(summary.failures.size(), kMostFailuresShown);
  for (std::size_t i = 0; i < shown; ++i) {
    fmt::print("  {}: {}\n", printable(summary.failures[i].source), printable(summary.failures[i].error));
  }
  const std::int64_t more = summary.failed - static_cast<std::int64_t>(shown);
  if (more > 0) fmt::print("  ... and {} more, listed in the report\n", more);
}

void print_summary(const RunSummary& summary, const AnalyzeArguments& arguments) {
  const bool colour = takes_colour(STDOUT_FILENO);
  const std::int64_t done = summary.frames - summary.resumed;
  std::string counts = fmt::format("{} ok", summary.ok);
  if (summary.failed > 0) counts += fmt::format(", {} failed", summary.failed);
  if (summary.dropped > 0) counts += fmt::format(", {} dropped", summary.dropped);
  if (summary.resumed > 0) counts += fmt::format(" ({} of them from the earlier run)", summary.resumed);
  fmt::print("{}{} frame{}{}: {}", colour ? "\x1b[1m" : "", summary.frames, summary.frames == 1 ? "" : "s",
             colour ? "\x1b[0m" : "", counts);
  if (done > 0 && summary.wall_s > 0) {
    fmt::print(", in {:.1f} s ({:.1f} frames/s)", summary.wall_s, static_cast<double>(done) / summary.wall_s);
  }
  fmt::print("\n");
  if (summary.density && (summary.capillaries > 0 || arguments.options.analyzer == "capillary")) {
    const MeanOverFrames& density = *summary.density;
    fmt::print("capillary density  {} % of the area", percent(density.mean));
    if (density.low && density.high) {
      fmt::print(", mean of {} frames (95 % interval {} to {} %)", summary.measured, percent(*density.low),
                 percent(*density.high));
    }
    fmt::print("\n");
    fmt::print("capillaries        {:.1f} a frame\n",
               static_cast<double>(summary.capillaries) / static_cast<double>(summary.measured));
  }
  if (summary.unusable > 0) {
    std::string reasons;
    for (const auto& [reason, frames] : summary.unusable_reasons) {
      reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", frames, reason);
    }
    fmt::print("not usable         {} of {} frames, {}: {}\n", summary.unusable, summary.ok,
               arguments.options.keep_unusable ? "kept in the means" : "left out of means and clips", reasons);
  }
  if (summary.latency) {
    const Latency& latency = *summary.latency;
    fmt::print(
        "capture to result  {:.0f} ms for half of the frames, {:.0f} ms for 95 %, {:.0f} ms for 99 %; {} dropped\n",
        latency.p50_ms, latency.p95_ms, latency.p99_ms, summary.dropped);
  }
  if (summary.skipped_inputs > 0) {
    fmt::print("skipped            {} other file{}, listed in the report\n", summary.skipped_inputs,
               summary.skipped_inputs == 1 ? "" : "s");
  }
  print_failures(summary, colour);
  fmt::print("report             {}\n", printable((std::filesystem::path(arguments.output) / "report.html").string()));
  if (summary.stopped) {
    fmt::print("stopped before the end; the same command with --resume goes on\n");
  }
  fmt::print("Research use only, not for diagnosis.\n");
}

int analyze(const AnalyzeArguments& arguments) {
  const Interrupt interrupt(arguments.quiet);
  Pipeline pipeline(arguments.options);
  std::optional<CodedInputs> coded;
  if (!arguments.key.empty()) coded.emplace(arguments.inputs, arguments.key);
  const std::vector<std::string> inputs = coded ? std::vector<std::string>{coded->study_file()} : arguments.inputs;
  ProgressDisplay display(arguments.quiet);
  const RunSummary summary =
      pipeline.run(inputs, arguments.output, interrupt.token(), [&display](const Progress& now) { display.show(now); });
  display.clear();
  if (summary.already_finished) {
    if (!arguments.quiet) {
      fmt::print("this run was finished already: {} frames in {}\n", summary.frames, printable(arguments.output));
    }
    return kAllAnalysed;
  }
  if (!arguments.quiet) {
    print_summary(summary, arguments);
  } else if (summary.failed > 0) {
    fmt::print(stderr, "capillaryx: {} of {} frames failed; {} says why\n", summary.failed, summary.frames,
               printable((std::filesystem::path(arguments.output) / "results.csv").string()));
  }
  if (summary.stopped) return kInterrupted;
  return summary.failed > 0 ? kSomeFailed : kAllAnalysed;
}

}  // namespace

void add_analyze(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("analyze", "Analyses pictures, folders, videos or a camera: results, pictures and a report");
  const auto arguments = std::make_shared<AnalyzeArguments>();
  command
      ->add_option(
          "INPUT", arguments->inputs,
          "pictures, folders, videos, camera:N, phantom:N (N synthetic frames), or - (Y4M, PPM or PGM frames on "
          "standard input)")
      ->required();
  command->add_option("-o,--output", arguments->output, "folder for the results; made if it is not there")
      ->required()
      ->type_name("DIR");
  add_option_flags(*command, arguments->options);
  command
      ->add_option("--pseudonymise", arguments->key,
                   "put codes in place of the names of files and labels; KEY, made if it is not there, has both")
      ->group("Study (docs/statistics.md)")
      ->type_name("KEY");
  command->add_flag("--quiet", arguments->quiet, "print nothing but errors")->group("Output");
  command->footer(kExamples);
  command->callback([&action, arguments] { action = [arguments] { return analyze(*arguments); }; });
}

}  // namespace capillaryx::cli
