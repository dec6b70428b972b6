// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "capillaryx/error.h"
#include "capillaryx/pipeline.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/option_flags.h"
#include "cli/progress_display.h"
#include "cli/terminal.h"
#include "evaluation/detections.h"
#include "evaluation/evaluation.h"
#include "evaluation/evaluation_text.h"
#include "evaluation/labels.h"
#include "os/machine.h"
#include "sink/bootstrap.h"
#include "sink/json_text.h"
#include "sink/notice.h"
#include "sink/results_reader.h"

namespace capillaryx::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr double kIou = 0.3;
constexpr double kStricterIou = 0.5;

constexpr const char* kExamples = R"(Examples:
  capillaryx compare frames -o out                             the shipped pipeline and the others
  capillaryx compare frames -o out --labels labels.coco.json   and how each agrees with labels
  capillaryx compare phantom:20 -o out --analyzers capillary,lib:./mine.so

Every algorithm analyses the same frames through the same executor. out/NAME/ holds what each gave, with
pictures and a report, out/compare.json the table. docs/comparators.md says what each one does.
Research use only, not for diagnosis.)";

struct CompareArguments {
  std::vector<std::string> inputs;
  std::string output;
  std::string labels;
  std::string category = kCapillaryCategory;
  std::vector<std::string> analyzers{"capillary", "background-ssim", "tophat-skeleton", "clahe-otsu"};
  bool quiet = false;
  Options options;
};

/// What one algorithm gave.
struct Row {
  std::string analyzer;
  std::string folder;
  RunSummary summary;
  double ms = 0;  ///< median over frames, reading to result
  double count = 0;
  double density = 0;
  ordered_json agreement;  ///< as `evaluate --json` has it; null without labels
};

/// A name as a folder: lib:./mine.so is lib_._mine.so.
std::string folder_name(std::string analyzer) {
  std::replace_if(
      analyzer.begin(), analyzer.end(),
      [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '.' && c != '_'; }, '_');
  return analyzer;
}

void check(const CompareArguments& arguments) {
  for (const std::string& input : arguments.inputs) {
    if (input == "-" || input.starts_with("camera:")) {
      throw Error(ErrorKind::kUsage, "compare goes through its inputs once for each algorithm, which " + input +
                                         " cannot be: save its frames first");
    }
  }
  std::vector<std::string> folders;
  for (const std::string& analyzer : arguments.analyzers) {
    folders.push_back(folder_name(analyzer));
    if (std::count(folders.begin(), folders.end(), folders.back()) > 1) {
      throw Error(ErrorKind::kUsage, "the algorithm " + analyzer + " is named twice");
    }
    // One that cannot be made is reported before the others have worked.
    Options options = arguments.options;
    options.analyzer = analyzer;
    make_analyzer(options);
  }
  const fs::path table = fs::path(arguments.output) / "compare.json";
  if (fs::exists(table) && !arguments.options.force) {
    throw Error(ErrorKind::kOutput, printable(table.string()) + " is there already: name another folder, or --force");
  }
  if (!arguments.labels.empty()) read_labels(arguments.labels, arguments.category);
}

Row run_one(const CompareArguments& arguments, const std::string& analyzer, const Interrupt& interrupt) {
  Row row;
  row.analyzer = analyzer;
  row.folder = folder_name(analyzer);
  Options options = arguments.options;
  options.analyzer = analyzer;
  const fs::path folder = fs::path(arguments.output) / row.folder;
  fs::create_directories(arguments.output);
  ProgressDisplay display(arguments.quiet);
  row.summary = Pipeline(options).run(arguments.inputs, folder, interrupt.token(),
                                      [&display](const Progress& now) { display.show(now); });
  display.clear();
  if (row.summary.stopped) return row;

  std::vector<double> ms, counts, densities;
  read_journal(folder / "results.jsonl", [&](const FrameResult& result) {
    if (result.status != Status::kOk) return;
    ms.push_back(result.timing.total_ms);
    counts.push_back(static_cast<double>(result.capillaries.size()));
    densities.push_back(result.density);
  });
  std::sort(ms.begin(), ms.end());
  row.ms = ms.empty() ? 0 : percentile(ms, 0.5);
  row.count = mean(counts);
  row.density = mean(densities);
  if (!arguments.labels.empty()) {
    Labels labels = read_labels(arguments.labels, arguments.category);
    add_detections(folder, labels, /*subset=*/arguments.options.frames > 0);
    const std::vector<LabelledFrame>& frames = labels.frames;
    row.agreement = evaluation_json({evaluate(frames, kIou), evaluate(frames, kStricterIou)}, frames, arguments.labels);
  }
  return row;
}

ordered_json report_of(const CompareArguments& arguments, const std::vector<Row>& rows) {
  const BuildInfo build = build_info();
  const MachineInfo machine = machine_info();
  ordered_json inputs = ordered_json::array();
  for (const std::string& input : arguments.inputs) inputs.push_back(clean_utf8(input));
  ordered_json report{
      {"version", build.version},
      {"commit", build.commit},
      {"build", build.build},
      {"machine", {{"processor", machine.processor}, {"cores", machine.cores}}},
      {"inputs", std::move(inputs)},
      {"labels", arguments.labels.empty() ? ordered_json() : ordered_json(clean_utf8(arguments.labels))},
      {"iou", kIou}};
  report["analyzers"] = ordered_json::array();
  for (const Row& row : rows) {
    ordered_json entry{{"analyzer", clean_utf8(row.analyzer)},
                       {"folder", row.folder},
                       {"frames", row.summary.frames},
                       {"ok", row.summary.ok},
                       {"failed", row.summary.failed},
                       {"ms_per_frame", row.ms},
                       {"mean_count", row.count},
                       {"mean_density", row.density}};
    if (!row.agreement.is_null()) {
      entry["agreement"] = row.agreement.at("total");
      entry["intervals"] = row.agreement.at("intervals");
      entry["others"] = row.agreement.at("others");
    }
    report["analyzers"].push_back(std::move(entry));
  }
  report["notice"] = kNotice;
  report["definitions"] = kDefinitions;
  return report;
}

void print_table(const CompareArguments& arguments, const std::vector<Row>& rows) {
  std::size_t widest = 9;
  for (const Row& row : rows) widest = std::max(widest, printable(row.analyzer).size());
  const bool labelled = !arguments.labels.empty();
  fmt::print("{:{}}  ms/frame   count  density %{}\n", "algorithm", widest,
             labelled
                 ? "  precision  recall     F1     AP  F1@0.5  hit precision  hit recall  count error  density error"
                 : "");
  for (const Row& row : rows) {
    fmt::print("{:{}}  {:8.1f}  {:6.1f}  {:9.2f}", printable(row.analyzer), widest, row.ms, row.count,
               100 * row.density);
    if (labelled) {
      const ordered_json& total = row.agreement.at("total");
      const ordered_json& stricter = row.agreement.at("others").at(0).at("total");
      const auto value = [](const ordered_json& figures, const char* key) { return figures.at(key).get<double>(); };
      fmt::print("  {:9.3f}  {:6.3f}  {:5.3f}  {:5.3f}  {:6.3f}  {:13.3f}  {:10.3f}  {:11.3f}  {:13.3f}",
                 value(total, "precision"), value(total, "recall"), value(total, "f1"), value(total, "ap"),
                 value(stricter, "f1"), value(total, "hit_precision"), value(total, "hit_recall"),
                 value(total, "count_error"), value(total, "density_error"));
    }
    fmt::print("{}\n", row.summary.failed > 0 ? fmt::format("  ({} frames failed)", row.summary.failed) : "");
  }
  fmt::print(
      "\nMilliseconds: median over frames, from reading to result, in one worker. Count and density: means over\n");
  fmt::print("{} frames. {}", rows.front().summary.ok,
             labelled ? fmt::format("Agreement with {} at box IoU {:g} (F1 at 0.5 too), not clinical accuracy.\n",
                                    printable(arguments.labels), kIou)
                      : "\n");
  fmt::print("written: {}\nResearch use only, not for diagnosis.\n",
             printable((fs::path(arguments.output) / "compare.json").string()));
}

int compare(const CompareArguments& arguments) {
  check(arguments);
  const Interrupt interrupt(arguments.quiet);
  std::vector<Row> rows;
  for (const std::string& analyzer : arguments.analyzers) {
    if (!arguments.quiet) fmt::print(stderr, "{}\n", printable(analyzer));
    rows.push_back(run_one(arguments, analyzer, interrupt));
    if (rows.back().summary.stopped) return kInterrupted;
  }
  const fs::path file = fs::path(arguments.output) / "compare.json";
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << report_of(arguments, rows).dump(1) << "\n";
  out.close();
  if (!out) throw Error(ErrorKind::kOutput, printable(file.string()) + " cannot be written");
  if (!arguments.quiet) print_table(arguments, rows);
  const bool failed = std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.summary.failed > 0; });
  return failed ? kSomeFailed : kAllAnalysed;
}

}  // namespace

void add_compare(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("compare", "Runs several algorithms over the same frames and puts them in a table");
  const auto arguments = std::make_shared<CompareArguments>();
  command->add_option("INPUT", arguments->inputs, "as for analyze, but not a camera or standard input")->required();
  command->add_option("-o,--output", arguments->output, "folder for the table and for what each gave")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--labels", arguments->labels, "ground truth, COCO: precision, recall, F1, AP, hits and errors too")
      ->type_name("FILE");
  command->add_option("--category", arguments->category, "what the labels call a capillary")->capture_default_str();
  command->add_option("--analyzers", arguments->analyzers, "which algorithms, instead of all that are built in")
      ->delimiter(',')
      ->type_name("NAME,...");
  command->add_flag("--quiet", arguments->quiet, "print nothing but errors");
  add_option_flags(*command, arguments->options, [](const FieldInfo& info) {
    return info.group != "study" && info.name != "analyzer" && info.name != "resume" && info.name != "status_file" &&
           info.name != "pace_fps" && info.name != "when_behind" && info.name != "max_wait_ms";
  });
  command->footer(kExamples);
  command->callback([&action, arguments] { action = [arguments] { return compare(*arguments); }; });
}

}  // namespace capillaryx::cli
