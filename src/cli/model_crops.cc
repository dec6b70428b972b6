// SPDX-License-Identifier: Apache-2.0
#include "cli/model_crops.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "analysis/classifier.h"
#include "analysis/density.h"
#include "analysis/frame_size.h"
#include "analysis/network_input.h"
#include "analysis/proposer.h"
#include "capillaryx/error.h"
#include "evaluation/labels.h"
#include "image/image.h"

namespace capillaryx::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kMatchIou = 0.3;  // as everywhere that regions are matched with labels
constexpr double kTouchIou = 0.1;  // less overlap than this with a capillary is none
constexpr double kInsideShare = 0.5;
constexpr double kAsGood = 0.75;  // of the best match's overlap: another reading of the place that would do as well

enum class Answer { kOther = 0, kCapillary = 1, kUnknown = -1, kPart = -2, kFragment = -3 };

bool is_within(const std::vector<Roi>& rois, std::size_t inner, std::size_t outer) {
  for (int i = rois[inner].within; i >= 0; i = rois[static_cast<std::size_t>(i)].within) {
    if (static_cast<std::size_t>(i) == outer) return true;
  }
  return false;
}

// One to one, the best overlap first. What is left and lies in a capillary's box is a fragment of it. A region that
// holds the best match or lies in it is a part of it, unless it would do as well; what overlaps one otherwise, or lies
// on an ambiguous region, has no answer. `regions`: the boxes of `rois`.
std::vector<Answer> match(const std::vector<Roi>& rois, const std::vector<Box>& regions, const LabelledFrame& labels,
                          std::size_t& found) {
  std::vector<Pair> pairs;
  for (std::size_t r = 0; r < regions.size(); ++r) {
    for (std::size_t c = 0; c < labels.capillaries.size(); ++c) {
      const double overlap = box_iou(regions[r], labels.capillaries[c].box);
      if (overlap >= kMatchIou) pairs.push_back({-overlap, r, c});
    }
  }
  std::vector<Answer> answers(regions.size(), Answer::kOther);
  const std::vector<Pair> matches = match_lowest_cost_first(std::move(pairs));
  for (const Pair& match : matches) answers[match.detection] = Answer::kCapillary;
  found += matches.size();
  const auto other_region = [&](std::size_t region) {
    Answer answer = Answer::kOther;
    for (const Pair& match : matches) {
      if (!is_within(rois, region, match.detection) && !is_within(rois, match.detection, region)) continue;
      const double overlap = box_iou(regions[region], labels.capillaries[match.label].box);
      if (overlap >= kAsGood * -match.cost) return Answer::kUnknown;
      answer = Answer::kPart;
    }
    return answer;
  };
  for (std::size_t r = 0; r < regions.size(); ++r) {
    if (answers[r] == Answer::kCapillary) continue;
    const Box& region = regions[r];
    const auto touches = [&region](const Box& box) {
      return box_iou(region, box) >= kTouchIou || share_inside(region, box) >= kInsideShare ||
             share_inside(box, region) >= kInsideShare;
    };
    const auto touches_label = [&touches](const Label& label) { return touches(label.box); };
    const auto holds = [&region](const Label& label) { return share_inside(region, label.box) >= kInsideShare; };
    if (std::any_of(labels.ambiguous.begin(), labels.ambiguous.end(), touches)) {
      answers[r] = Answer::kUnknown;
    } else if (const Answer reading = other_region(r); reading != Answer::kOther) {
      answers[r] = reading;
    } else if (std::any_of(labels.capillaries.begin(), labels.capillaries.end(), holds)) {
      answers[r] = Answer::kFragment;
    } else if (std::any_of(labels.capillaries.begin(), labels.capillaries.end(), touches_label)) {
      answers[r] = Answer::kUnknown;
    }
  }
  return answers;
}

Frame read_frame(ImageReader& reader, const fs::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) throw Error(ErrorKind::kInput, file.string() + ": cannot be opened");
  std::string sha256;
  try {
    return reader.read(Frame::from_file({0, file.string(), {}, {}}, std::make_shared<OpenFile>(descriptor)), sha256);
  } catch (const ImageError& error) {
    throw Error(ErrorKind::kInput, fmt::format("{}: {}", file.string(), error.what()));
  }
}

// NumPy's format, version 1.0: a header of a multiple of 64 bytes, then the numbers.
void write_npy(const fs::path& file, const std::vector<float>& values, const std::vector<std::size_t>& shape) {
  std::string sides;
  for (const std::size_t side : shape) sides += fmt::format("{}, ", side);
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sides);
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::ofstream stream(file, std::ios::binary);
  const auto length = static_cast<std::uint16_t>(header.size());
  stream << "\x93NUMPY" << '\x01' << '\0' << static_cast<char>(length & 255) << static_cast<char>(length >> 8)
         << header;
  stream.write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (!stream.flush()) throw Error(ErrorKind::kOutput, file.string() + ": cannot be written");
}

struct CropsArguments {
  std::string folder, labels, output;
  std::string category = kCapillaryCategory;
  int size_px = 0;  // 0: the network's own
  Options options;
};

int crops(const CropsArguments& arguments) {
  const Options& options = arguments.options;
  check_options(options);
  Classifier classifier(options.model);
  NetworkSpec spec = classifier.spec();
  if (arguments.size_px > 0) {
    spec.width = spec.height = arguments.size_px;
    if (spec.input == InputKind::kLocalContrast) spec.channels = NetworkInputMaker::kRegionPlane + 1;
  }
  NetworkInputMaker maker(spec);
  ImageReader reader(options.max_pixels);
  Proposer proposer;
  DensityStage density;
  const auto size = static_cast<std::size_t>(spec.input_size());
  std::vector<float> inputs, scores;
  std::string table = "frame,x,y,width,height,area_px,darkness,mean_darkness,spread,level,label,score\n";
  std::size_t regions = 0, capillaries = 0, found = 0;
  const Labels labels = read_labels(arguments.labels, arguments.category);
  for (const LabelledFrame& labelled : labels.frames) {
    const Frame frame = read_frame(reader, fs::path(arguments.folder) / labelled.name);
    check_size(labels, labelled, frame.pixels().width, frame.pixels().height);
    if (std::min(frame.pixels().width, frame.pixels().height) < kSmallestSidePx) continue;
    proposer.propose(frame.pixels(), options);
    density.measure_regions(proposer, options.min_depth);
    const std::vector<Roi>& rois = density.rois();  // what the program puts to the network
    const Background& background = proposer.background;
    // A region stands for the box that it would be reported with.
    std::vector<Box> boxes;
    for (std::size_t i = 0; i < rois.size(); ++i) {
      Capillary capillary;
      if (density.draw(proposer, i)) {
        density.write_contour(i, capillary);
      } else {
        capillary.bbox = {rois[i].x, rois[i].y, rois[i].width, rois[i].height};
      }
      const auto [x, y, width, height] = capillary.bbox;
      boxes.push_back(
          {static_cast<double>(x), static_cast<double>(y), static_cast<double>(width), static_cast<double>(height)});
    }
    const std::vector<Answer> answers = match(rois, boxes, labelled, found);
    classifier.classify(frame.pixels(), proposer.reduced, background, rois, proposer.found.runs, scores);
    maker.start(frame.pixels(), proposer.reduced, background, proposer.found.runs);
    const int vessel = vessel_channel(background.channels());
    const float level = background.level(vessel);
    for (std::size_t i = 0; i < rois.size(); ++i) {
      const Roi& roi = rois[i];
      inputs.resize(inputs.size() + size);
      maker.fill(roi, std::span(inputs).last(size));
      table += fmt::format("{},{},{},{},{},{},{:.5f},{:.5f},{:.4f},{:.2f},{},{:.5f}\n", labelled.name, roi.x, roi.y,
                           roi.width, roi.height, roi.area_px, roi.darkness / level, roi.mean_darkness / level,
                           background.robust_sd(vessel), level, static_cast<int>(answers[i]), scores[i]);
    }
    regions += rois.size();
    capillaries += labelled.capillaries.size();
  }
  const fs::path output(arguments.output);
  std::error_code failed;
  fs::create_directories(output, failed);
  const auto channels = static_cast<std::size_t>(spec.channels), height = static_cast<std::size_t>(spec.height),
             width = static_cast<std::size_t>(spec.width);
  write_npy(output / "inputs.npy", inputs,
            spec.channels_last ? std::vector<std::size_t>{regions, height, width, channels}
                               : std::vector<std::size_t>{regions, channels, height, width});
  std::ofstream stream(output / "regions.csv", std::ios::binary);
  if (!(stream << table).flush()) throw Error(ErrorKind::kOutput, arguments.output + "/regions.csv: cannot be written");
  std::fputs(fmt::format("{} regions; {} of {} capillaries are among them\n", regions, found, capillaries).c_str(),
             stdout);
  return kAllAnalysed;
}

}  // namespace

void add_model_crops(CLI::App& model_command, Action& action) {
  auto arguments = std::make_shared<CropsArguments>();
  auto* command = model_command.add_subcommand(
      "crops", "Writes what the network is given, with the answers: inputs.npy and regions.csv, for training");
  command->add_option("FOLDER", arguments->folder, "where the labelled frames are")->required();
  command->add_option("--labels", arguments->labels, "COCO file; iscrowd marks an ambiguous region")->required();
  command->add_option("--category", arguments->category, "what the labels call a capillary")->capture_default_str();
  command->add_option("-o,--output", arguments->output, "folder to write")->required();
  command->add_option("--model", arguments->options.model, "network whose input is wanted (default: the one shipped)");
  command
      ->add_option(
          "--size", arguments->size_px,
          "cut to SIZE x SIZE values instead, with all planes that there are, for a network that is to be trained "
          "(scores are --model's own)")
      ->check(CLI::Range(1, 1024));
  visit_fields(arguments->options, [command](const FieldInfo& field, auto& value) {
    if (field.group != "algorithm") return;
    std::string flag = "--" + std::string(field.name);
    std::replace(flag.begin(), flag.end(), '_', '-');
    command->add_option(flag, value, std::string(field.help))->group("Algorithm");
  });
  command->footer(
      "A region's label is 1 where it is the best match of a capillary (IoU 0.3, one to one), -1 where it overlaps "
      "one\n"
      "otherwise or lies on an ambiguous region, -2 where it holds the best match or lies in it, -3 where it is a\n"
      "fragment of a capillary that lies in no such region, else 0.");
  command->callback([&action, arguments] { action = [arguments] { return crops(*arguments); }; });
}

}  // namespace capillaryx::cli
