// SPDX-License-Identifier: Apache-2.0
#include "phantom/phantom.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "capillaryx/error.h"
#include "cli/commands.h"
#include "image/image.h"
#include "os/machine.h"

namespace capillaryx::cli {
namespace {

struct PhantomCommand {
  PhantomOptions drawing;
  int count = 1;
  std::int64_t first = 0;
  std::string folder;
  std::string format = "png";
  int threads = 0;
  bool force = false;
  bool quiet = false;
};

std::vector<std::uint8_t> encode_ppm(const PixelView& pixels) {
  const std::string head = fmt::format("P6\n{} {}\n255\n", pixels.width, pixels.height);
  std::vector<std::uint8_t> bytes(head.begin(), head.end());
  for (int y = 0; y < pixels.height; ++y) {
    bytes.insert(bytes.end(), pixels.row(y), pixels.row(y) + static_cast<std::ptrdiff_t>(pixels.width) * 3);
  }
  return bytes;
}

std::vector<std::uint8_t> encode(const std::string& format, const PixelView& pixels) {
  if (format == "png") return encode_png(pixels);
  if (format == "jpg") return encode_jpeg(pixels, 95);
  return encode_ppm(pixels);
}

template <class Bytes>
void write_file(const std::filesystem::path& path, const Bytes& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file)
    throw Error(ErrorKind::kOutput, "cannot write " + path.string() + ": is the disk full or the folder read-only?");
}

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

/// Draws on all cores; frames are counted off in their order.
class PhantomRun {
 public:
  explicit PhantomRun(const PhantomCommand& command)
      : command_(command), truths_(command.count), done_(command.count) {}

  void run() {
    const int threads = std::min(command_.threads > 0 ? command_.threads : usable_cpus(), command_.count);
    {
      std::vector<std::jthread> pool;
      pool.reserve(static_cast<std::size_t>(threads));
      for (int i = 0; i < threads; ++i) pool.emplace_back([this] { draw_frames(); });
    }
    if (error_) std::rethrow_exception(error_);
    write_file(std::filesystem::path(command_.folder) / "truth.coco.json",
               phantom_truth_coco(command_.drawing, truths_));
  }

 private:
  void draw_frames() {
    while (true) {
      int i = 0;
      {
        const std::lock_guard lock(mutex_);
        if (error_ || next_ >= command_.count) return;
        i = next_++;
      }
      try {
        draw(i);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
        return;
      }
      const std::lock_guard lock(mutex_);
      done_[i] = true;
      report();
    }
  }

  void draw(int i) {
    Phantom phantom = draw_phantom(command_.drawing, command_.first + i);
    const PixelView& pixels = phantom.frame.pixels();
    const std::string name = fmt::format("phantom_{:03}.{}", command_.first + i, command_.format);
    write_file(std::filesystem::path(command_.folder) / name, encode(command_.format, pixels));
    truths_[i] = {name, pixels.width, pixels.height, std::move(phantom.capillaries)};
  }

  void report() {
    for (; reported_ < command_.count && done_[reported_]; ++reported_) {
      if (command_.quiet) continue;
      const PhantomTruth& truth = truths_[reported_];
      const auto unclear = std::count_if(truth.capillaries.begin(), truth.capillaries.end(),
                                         [](const PhantomCapillary& one) { return one.cannot_tell; });
      fmt::print(stderr, "{}/{} {}: {} capillaries, {} that cannot be told\n", reported_ + 1, command_.count,
                 truth.file_name, static_cast<std::ptrdiff_t>(truth.capillaries.size()) - unclear, unclear);
    }
  }

  const PhantomCommand& command_;
  std::vector<PhantomTruth> truths_;
  std::mutex mutex_;
  std::vector<bool> done_;
  int next_ = 0;
  int reported_ = 0;
  std::exception_ptr error_;
};

}  // namespace

void add_phantom(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("phantom", "draw frames of skin microcirculation whose truth is known");
  auto settings = std::make_shared<PhantomCommand>();
  command->footer(
      "Writes phantom_000.png, phantom_001.png, ... and truth.coco.json (COCO; iscrowd 1: too faint to be asked for).\n"
      "Numbers are strengths: 0 leaves a thing out, 1 is ordinary.\n\n"
      "Examples:\n"
      "  capillaryx phantom 10 -o phantoms\n"
      "  capillaryx phantom 100 -o empty --capillaries 0 --hairs 5 --folds 3\n"
      "  capillaryx analyze phantoms -o out && capillaryx evaluate out --labels phantoms/truth.coco.json");
  command->add_option("N", settings->count, "how many frames")->required()->check(CLI::Range(1, 1'000'000));
  command->add_option("-o,--output", settings->folder, "folder for the frames")->required();
  command->add_option("--first", settings->first, "number of the first frame")->check(CLI::Range(0L, 1'000'000'000L));
  command->add_option("--format", settings->format, "png, jpg or ppm")->check(CLI::IsMember({"png", "jpg", "ppm"}));
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
  command->callback([&action, settings] {
    action = [settings] {
      check_phantom_options(settings->drawing);
      prepare_folder(*settings);
      PhantomRun(*settings).run();
      return kAllAnalysed;
    };
  });
}

}  // namespace capillaryx::cli
