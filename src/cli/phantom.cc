// SPDX-License-Identifier: Apache-2.0
#include "phantom/phantom.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "capillaryx/error.h"
#include "cli/commands.h"
#include "cli/phantom_files.h"

namespace capillaryx::cli {
namespace {

void prepare_folder(const PhantomCommand& command) {
  std::error_code code;
  std::filesystem::create_directories(command.folder, code);
  if (!std::filesystem::is_directory(command.folder)) {
    throw Error(ErrorKind::kOutput, "cannot make the folder " + command.folder + ": " + code.message());
  }
  if (!command.force && !std::filesystem::is_empty(command.folder, code)) {
    throw Error(ErrorKind::kOutput, "the folder " + command.folder +
                                        " is not empty: give another one, or --force to replace phantoms in it");
  }
}

void write_stills(const PhantomCommand& command) {
  std::vector<PhantomTruth> truths(static_cast<std::size_t>(command.count));
  const auto draw = [&](int i) {
    Phantom phantom = draw_phantom(command.drawing, command.first + i);
    const PixelView& pixels = phantom.frame.pixels();
    const std::string name = fmt::format("phantom_{:03}.{}", command.first + i, command.format);
    write_file(std::filesystem::path(command.folder) / name, encode_picture(command.format, pixels));
    truths[static_cast<std::size_t>(i)] = {name, pixels.width, pixels.height, std::move(phantom.capillaries)};
  };
  const auto report = [&](int i) {
    if (command.quiet) return;
    const PhantomTruth& truth = truths[static_cast<std::size_t>(i)];
    const auto unclear = std::count_if(truth.capillaries.begin(), truth.capillaries.end(),
                                       [](const PhantomCapillary& one) { return one.cannot_tell; });
    fmt::print(stderr, "{}/{} {}: {} capillaries, {} ambiguous\n", i + 1, command.count, truth.file_name,
               static_cast<std::ptrdiff_t>(truth.capillaries.size()) - unclear, unclear);
  };
  for_each_in_order(command.count, command.threads, draw, report);
  write_file(std::filesystem::path(command.folder) / "truth.coco.json", phantom_truth_coco(command.drawing, truths));
}

}  // namespace

void add_phantom(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("phantom", "draw frames of skin microcirculation whose truth is known");
  auto settings = std::make_shared<PhantomCommand>();
  command->footer(
      "Writes phantom_000.png, phantom_001.png, ... and truth.coco.json (COCO; iscrowd 1: too faint to be asked for).\n"
      "Numbers are strengths: 0 leaves a thing out, 1 is ordinary.\n\n"
      "Examples:\n"
      "  capillaryx phantom 10 -o phantoms\n"
      "  capillaryx phantom 4 -o clips --clip --frames 50 --bad-frames 0.1\n"
      "  capillaryx phantom 100 -o empty --capillaries 0 --hairs 5 --folds 3\n"
      "  capillaryx analyze phantoms -o out && capillaryx evaluate out --labels phantoms/truth.coco.json");
  command->add_option("N", settings->count, "how many frames")->required()->check(CLI::Range(1, 1'000'000));
  command->add_option("-o,--output", settings->folder, "folder for the frames")->required();
  command->add_option("--first", settings->first, "number of the first frame")->check(CLI::Range(0L, 1'000'000'000L));
  command
      ->add_option("--format", settings->format, "png (default), jpg or ppm; clips: y4m (default), or folders of these")
      ->check(CLI::IsMember({"png", "jpg", "ppm", "y4m"}));
  command
      ->add_option("--threads", settings->threads,
                   "frames drawn at a time (0: one a core); never changes what is drawn")
      ->check(CLI::Range(0, 1024));
  command->add_flag("--force", settings->force, "write into a folder that is not empty");
  command->add_flag("--quiet", settings->quiet, "no progress");
  visit_phantom_fields(settings->drawing, [&](const PhantomField& field, auto& value) {
    std::string flag = "--" + std::string(field.name);
    std::replace(flag.begin(), flag.end(), '_', '-');
    command->add_option(flag, value, std::string(field.help))->group("What is drawn")->capture_default_str();
  });
  command
      ->add_flag("--clip", settings->clips, "clips instead of frames, each with clip_NNN.truth.json and a clean still")
      ->group("Clips");
  visit_phantom_clip_fields(settings->clip, [&](const PhantomField& field, auto& value) {
    std::string flag = "--" + std::string(field.name);
    std::replace(flag.begin(), flag.end(), '_', '-');
    command->add_option(flag, value, std::string(field.help))->group("Clips")->capture_default_str();
  });
  command->callback([&action, settings] {
    if (settings->format.empty()) settings->format = settings->clips ? "y4m" : "png";
    if (settings->format == "y4m" && !settings->clips) {
      throw Error(ErrorKind::kUsage, "--format y4m is for clips: add --clip");
    }
    action = [settings] {
      check_phantom_options(settings->drawing);
      if (settings->clips) check_phantom_clip_options(settings->drawing, settings->clip);
      prepare_folder(*settings);
      if (settings->clips) {
        write_clips(*settings);
      } else {
        write_stills(*settings);
      }
      return kAllAnalysed;
    };
  });
}

}  // namespace capillaryx::cli
