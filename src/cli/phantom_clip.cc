// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <fstream>

#include "capillaryx/error.h"
#include "cli/phantom_files.h"
#include "image/y4m_writer.h"

namespace capillaryx::cli {
namespace {

/// A Y4M file that is written a frame at a time.
class VideoFile {
 public:
  VideoFile(const std::filesystem::path& path, const PhantomCommand& command)
      : path_(path), file_(path, std::ios::binary | std::ios::trunc) {
    file_ << y4m_header(command.drawing.width, command.drawing.height, command.clip.fps);
  }

  void add(const PixelView& pixels) {
    bytes_.clear();
    append_y4m_frame(pixels, bytes_);
    file_.write(reinterpret_cast<const char*>(bytes_.data()), static_cast<std::streamsize>(bytes_.size()));
  }

  void close() {
    file_.close();
    if (!file_) throw Error(ErrorKind::kOutput, "cannot write " + path_.string() + ": is the disk full?");
  }

 private:
  std::filesystem::path path_;
  std::ofstream file_;
  std::vector<std::uint8_t> bytes_;
};

std::string write_clip(const PhantomCommand& command, std::int64_t number) {
  const PhantomClip clip(command.drawing, command.clip, number);
  const std::filesystem::path folder = command.folder;
  const std::string stem = fmt::format("clip_{:03}", number);
  const bool video = command.format == "y4m";
  const std::string name = video ? stem + ".y4m" : stem;
  if (video) {
    VideoFile file(folder / name, command);
    for (int i = 0; i < command.clip.frames; ++i) file.add(clip.draw(i).pixels());
    file.close();
  } else {
    std::filesystem::create_directories(folder / name);
    for (int i = 0; i < command.clip.frames; ++i) {
      write_file(folder / name / fmt::format("frame_{:05}.{}", i, command.format),
                 encode_picture(command.format, clip.draw(i).pixels()));
    }
  }
  std::filesystem::create_directories(folder / "stills");
  write_file(folder / "stills" / (stem + ".png"), encode_picture("png", clip.draw_still().pixels()));
  write_file(folder / (stem + ".truth.json"),
             phantom_clip_truth_json(command.drawing, command.clip, name, clip.truth()));
  return fmt::format("{}: {} frames, {} capillaries", name, command.clip.frames, clip.truth().capillaries.size());
}

}  // namespace

void write_clips(const PhantomCommand& command) {
  check_phantom_clip_options(command.drawing, command.clip);
  std::vector<std::string> lines(static_cast<std::size_t>(command.count));
  for_each_in_order(
      command.count, command.threads,
      [&](int i) { lines[static_cast<std::size_t>(i)] = write_clip(command, command.first + i); },
      [&](int i) {
        if (!command.quiet) fmt::print(stderr, "{}/{} {}\n", i + 1, command.count, lines[static_cast<std::size_t>(i)]);
      });
}

}  // namespace capillaryx::cli
