// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "evaluation/coco_reader.h"
#include "evaluation/evaluation.h"
#include "evaluation/evaluation_text.h"

namespace capillaryx::cli {
namespace {

struct Arguments {
  std::string results;
  std::string labels;
  double iou = 0.3;
  bool json = false;
};

int run(const Arguments& arguments) {
  std::vector<LabelledFrame> frames = read_labels(arguments.labels);
  add_detections(arguments.results, frames);
  std::vector<Evaluation> evaluations{evaluate(frames, arguments.iou)};
  constexpr double kStricterIou = 0.5;
  if (arguments.iou != kStricterIou) evaluations.push_back(evaluate(frames, kStricterIou));
  const std::string text = arguments.json ? evaluation_json(evaluations, frames, arguments.labels).dump(2) + "\n"
                                          : evaluation_text(evaluations, frames, arguments.labels);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kAllAnalysed;
}

}  // namespace

void add_evaluate(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("evaluate", "Compare results with labels: precision, recall, F1, AP, errors");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("RESULTS", arguments->results, "an output folder, its results.jsonl, or a coco.json")->required();
  command->add_option("--labels", arguments->labels, "ground truth: COCO annotations")->required();
  command->add_option("--iou", arguments->iou, "box overlap that makes a match (0.5 is shown beside it)")
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "print JSON");
  command->footer(
      "Example:\n  capillaryx evaluate out --labels labels.coco.json\n\n"
      "Frames are matched by file name without its suffix. Intervals are 95 % bootstrap over frames.");
  command->callback([&action, arguments] { action = [arguments] { return run(*arguments); }; });
}

}  // namespace capillaryx::cli
