// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "analysis/classifier.h"
#include "capillaryx/error.h"
#include "capillaryx/options.h"
#include "cli/commands.h"
#include "cli/model_check.h"
#include "cli/model_crops.h"
#include "networks/frame_network.h"

namespace capillaryx::cli {
namespace {

constexpr int kTimedRuns = 20;
constexpr std::size_t kTimedRegions = 96;

template <class... Arguments>
void print(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  std::fputs(fmt::format(text, std::forward<Arguments>(arguments)...).c_str(), stdout);
}

std::string channel_values(const std::array<float, 3>& values, int channels) {
  if (channels == 1) return fmt::format("{}", values[0]);
  return fmt::format("{}, {}, {}", values[0], values[1], values[2]);
}

void print_network(const Classifier& classifier) {
  const NetworkSpec& spec = classifier.spec();
  print("network      {} ({})\n", classifier.identity().name, classifier.format());
  print("sha256       {}\n", classifier.identity().sha256);
  print("notes        {}\n", classifier.notes_from().empty() ? "none" : classifier.notes_from());
  if (!classifier.about().empty()) print("about        {}\n", classifier.about());
  print("input        {}x{} pixels, {} channel{}, {}, {}\n", spec.width, spec.height, spec.channels,
        spec.channels == 1 ? "" : "s", to_string(spec.input), spec.channels_last ? "channels last" : "channels first");
  if (spec.input != InputKind::kLocalContrast) {
    print("             pixels enter as (pixel - mean) / scale; mean {}, scale {}\n",
          channel_values(spec.mean, spec.channels), channel_values(spec.scale, spec.channels));
  }
  print("output       {} number{} a region ({}); a capillary is number {}\n", spec.outputs,
        spec.outputs == 1 ? "" : "s", spec.logits ? "logits" : "probabilities", spec.capillary_class);
  if (spec.usual_share) print("usual share  {}\n", *spec.usual_share);
  print("threshold    {}\n", spec.threshold ? fmt::format("{}", *spec.threshold) : "--min-score");
}

int info(const std::string& file) {
  if (task_of(file) != NetworkTask::kRegion) {
    print("{}", FrameNetwork(file, InferencePrecision::kF32).describe());
    return kAllAnalysed;
  }
  print_network(Classifier(file));
  if (file.empty()) print("card         models/README.md: data, figures, limits. Research use only.\n");
  return kAllAnalysed;
}

// Runs the network over regions of noise: numbers that are no probabilities show here, and what a region costs.
int check_regions(const std::string& file) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  Classifier classifier(file);
  const double load_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  print_network(classifier);
  const NetworkSpec& spec = classifier.spec();
  const auto size = static_cast<std::size_t>(spec.input_size());
  const std::size_t regions = std::clamp<std::size_t>((std::size_t{1} << 22) / size, 1, kTimedRegions);
  std::mt19937 random(1);
  std::vector<float> inputs(regions * size);
  for (float& value : inputs) {
    const auto grey = static_cast<float>(random() % 256);
    value = spec.input == InputKind::kLocalContrast ? (grey - 128) / 64 : (grey - spec.mean[0]) / spec.scale[0];
  }
  std::vector<float> scores;
  double best_ms = 1e300;
  for (int i = 0; i < kTimedRuns; ++i) {
    const auto begin = Clock::now();
    try {
      classifier.classify(inputs, scores);
    } catch (const std::runtime_error& error) {
      throw Error(ErrorKind::kModel, fmt::format("{}: {}", file, error.what()));
    }
    best_ms = std::min(best_ms, std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  const auto [least, most] = std::minmax_element(scores.begin(), scores.end());
  print("loads in     {:.0f} ms\n", load_ms);
  print("runs in      {:.3f} ms a region (least of {} runs over {} regions, one thread)\n",
        best_ms / static_cast<double>(regions), kTimedRuns, regions);
  print("on noise     probabilities from {:.4f} to {:.4f}\n", *least, *most);
  print("usable: capillaryx analyze INPUT -o DIR --model {}\n", file);
  return kAllAnalysed;
}

int check(const CheckArguments& arguments) {
  if (task_of(arguments.file) != NetworkTask::kRegion) return check_frame_network(arguments);
  if (!arguments.picture.empty()) {
    throw Error(ErrorKind::kUsage, arguments.file +
                                       ": a region classifier is not drawn on a picture: use capillaryx "
                                       "analyze PICTURE -o DIR --model " +
                                       arguments.file);
  }
  return check_regions(arguments.file);
}

}  // namespace

void add_model(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("model", "The network: what it is, whether your own fits");
  command->require_subcommand(1);
  auto file = std::make_shared<std::string>();

  auto* info_command = command->add_subcommand("info", "Says what a network is and wants (default: the one shipped)");
  info_command->add_option("FILE", *file, "ONNX, TFLite, OpenVINO IR (.xml) or a TensorFlow SavedModel folder");
  info_command->callback([&action, file] { action = [file] { return info(*file); }; });

  auto arguments = std::make_shared<CheckArguments>();
  auto* check_command = command->add_subcommand("check", "Reads, runs and times your own network");
  check_command
      ->add_option("FILE", arguments->file, "ONNX, TFLite, OpenVINO IR (.xml) or a TensorFlow SavedModel folder")
      ->required();
  check_command->add_option("PICTURE", arguments->picture, "Runs a network over whole frames on this picture");
  check_command->add_option("-o,--output", arguments->output, "Writes the result, drawn on PICTURE, to this PNG file");
  check_command->footer(
      "What the file cannot say stands beside it in FILE.json, for example\n"
      "  {\"input\": \"rgb\", \"mean\": [0, 0, 0], \"scale\": [255, 255, 255], \"capillary_class\": 1}\n"
      "Keys: input (local_contrast, rgb, bgr, grey), mean, scale, layout (nchw, nhwc), width, height,\n"
      "output (probability, logits), capillary_class, threshold, usual_share, about.\n"
      "Networks over whole frames (\"task\": segmentation, detection, frame): docs/networks.md has their keys.");
  check_command->callback([&action, arguments] { action = [arguments] { return check(*arguments); }; });

  add_model_crops(*command, action);
}

}  // namespace capillaryx::cli
