// SPDX-License-Identifier: Apache-2.0
#include "export/export.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "capillaryx/error.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "evaluation/labels.h"
#include "export/reviewed.h"

namespace capillaryx::cli {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, ExportFormat> kFormats{{"coco-results", ExportFormat::kCocoResults},
                                                   {"geojson", ExportFormat::kGeojson},
                                                   {"imagej-roi", ExportFormat::kImagejRoi},
                                                   {"labelme", ExportFormat::kLabelme}};

struct Arguments {
  std::string results;
  std::string format;
  std::string output;
  std::string labels;
  std::string category = kCapillaryCategory;
  std::string reviewed;
};

int run_reviewed(const Arguments& arguments) {
  const fs::path output = arguments.output.empty() ? fs::path(arguments.results) / "reviewed" / arguments.reviewed
                                                   : fs::path(arguments.output);
  const OutputFolder folder(output, /*make=*/true);
  const std::size_t corrections = export_reviewed(arguments.results, arguments.reviewed, folder);
  fmt::print("written: {} ({} {})\n", printable(output.string()), corrections,
             corrections == 1 ? "correction" : "corrections");
  return kAllAnalysed;
}

int run(const Arguments& arguments) {
  if (!arguments.reviewed.empty()) return run_reviewed(arguments);
  if (arguments.format.empty()) throw Error(ErrorKind::kUsage, "--format or --reviewed says what to write");
  const ExportFormat format = kFormats.at(arguments.format);
  std::optional<Labels> labels;
  if (!arguments.labels.empty()) {
    if (format != ExportFormat::kCocoResults) {
      throw Error(ErrorKind::kUsage, "--labels gives images their ids, which only coco-results has");
    }
    labels = read_labels(arguments.labels, arguments.category);
  }
  std::error_code error;
  const bool is_folder = fs::is_directory(arguments.results, error);
  const fs::path journal = is_folder ? fs::path(arguments.results) / "results.jsonl" : fs::path(arguments.results);
  if (!fs::exists(journal, error)) throw Error(ErrorKind::kInput, printable(journal.string()) + ": no such file");
  const fs::path output =
      arguments.output.empty() ? journal.parent_path() / "export" / arguments.format : fs::path(arguments.output);
  const OutputFolder folder(output, /*make=*/true);
  const std::size_t files = export_results(journal, format, labels, folder);
  fmt::print("written: {} ({} {})\n", printable(output.string()), files, files == 1 ? "file" : "files");
  return kAllAnalysed;
}

}  // namespace

void add_export(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("export", "Writes detections in the form of other programs");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("RESULTS", arguments->results, "an output folder, or its results.jsonl")->required();
  command
      ->add_option("--format", arguments->format,
                   "coco-results (pycocotools), geojson (QuPath), imagej-roi (ImageJ, Fiji) or labelme")
      ->check(CLI::IsMember(kFormats));
  command
      ->add_option("--reviewed", arguments->reviewed,
                   "what this reviewer made of it: labels.coco.json (for make train), reviewed.csv, reviewed_clips.csv")
      ->type_name("REVIEWER");
  command->add_option("-o,--output", arguments->output, "folder to write into (default: RESULTS/export/FORMAT)")
      ->type_name("DIR");
  command->add_option("--labels", arguments->labels, "COCO file whose image ids coco-results has (default: index + 1)")
      ->type_name("FILE");
  command->add_option("--category", arguments->category, "what those labels call a capillary")->capture_default_str();
  command->footer(
      "Example:\n  capillaryx export out --format geojson\n\n"
      "coco-results is one file; the others have a file per analysed frame. Coordinates are px, of pixel corners.");
  command->callback([&action, arguments] { action = [arguments] { return run(*arguments); }; });
}

}  // namespace capillaryx::cli
