// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "evaluation/detections.h"
#include "evaluation/evaluation.h"
#include "evaluation/evaluation_text.h"
#include "evaluation/labels.h"

namespace capillaryx::cli {
namespace {

struct Arguments {
  std::string results;
  std::string labels;
  std::string category = kCapillaryCategory;
  double iou = 0.3;
  bool subset = false;
  bool json = false;
};

int run(const Arguments& arguments) {
  Labels labels = read_labels(arguments.labels, arguments.category);
  const std::size_t left_out = add_detections(arguments.results, labels, arguments.subset);
  const std::vector<LabelledFrame>& frames = labels.frames;
  std::vector<Evaluation> evaluations{evaluate(frames, arguments.iou)};
  constexpr double kStricterIou = 0.5;
  if (arguments.iou != kStricterIou) evaluations.push_back(evaluate(frames, kStricterIou));
  std::string text;
  if (arguments.json) {
    auto object = evaluation_json(evaluations, frames, arguments.labels);
    object["left_out"] = left_out;
    text = object.dump(2) + "\n";
  } else {
    text = evaluation_text(evaluations, frames, arguments.labels);
    if (left_out > 0) {
      text += fmt::format("--subset: {} of {} labelled frames are not in the run and were left out.\n", left_out,
                          left_out + frames.size());
    }
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kAllAnalysed;
}

}  // namespace

void add_evaluate(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("evaluate", "Compare results with labels: precision, recall, F1, AP, errors");
  auto arguments = std::make_shared<Arguments>();
  command
      ->add_option("RESULTS", arguments->results, "an output folder, its results.jsonl, or a COCO file of detections")
      ->required();
  command->add_option("--labels", arguments->labels, "ground truth: COCO annotations")->required();
  command->add_option("--category", arguments->category, "what the labels call a capillary")->capture_default_str();
  command->add_option("--iou", arguments->iou, "box overlap that makes a match (0.5 is shown beside it)")
      ->capture_default_str();
  command->add_flag("--subset", arguments->subset, "evaluate the frames that are both in the run and in the labels");
  command->add_flag("--json", arguments->json, "print JSON");
  command->footer(
      "Example:\n  capillaryx evaluate out --labels labels.coco.json\n\n"
      "Matching is COCO's (pycocotools). Frames are matched by their paths from the end, suffixes aside. A labelled\n"
      "frame that failed counts as missed. Intervals are 95 % bootstrap over frames.");
  command->callback([&action, arguments] { action = [arguments] { return run(*arguments); }; });
}

}  // namespace capillaryx::cli
