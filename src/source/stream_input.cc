// SPDX-License-Identifier: Apache-2.0
// Streams that we read ourselves: standard input, and videos in YUV4MPEG2.
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "capillaryx/error.h"
#include "image/image.h"
#include "image/y4m.h"
#include "source/frame_stream.h"
#include "source/input.h"

namespace capillaryx {
namespace {

class StreamInput : public SequentialInput {
 public:
  StreamInput(std::string source, std::shared_ptr<const InputInfo> input, std::int64_t every, std::int64_t max_pixels,
              const StopEvent& stop)
      : source_(std::move(source)), input_(std::move(input)), every_(every), max_pixels_(max_pixels), stop_(&stop) {}

 protected:
  /// Before the first frame. Where nothing can be read: returns -1 and says why.
  virtual int open(std::string& reason) = 0;

  void start_again() {
    stream_.reset();
    number_ = 0;
    ended_ = false;
  }
  std::int64_t frames_given() const { return number_; }
  const std::shared_ptr<const InputInfo>& input() const { return input_; }
  void set_input(std::shared_ptr<const InputInfo> input) { input_ = std::move(input); }

 private:
  std::optional<Frame> advance(FrameInfo info, bool pass_over) override {
    if (ended_) return std::nullopt;
    const auto fail = [&](std::string reason) -> std::optional<Frame> {
      ended_ = true;
      if (stop_->requested()) return std::nullopt;
      name_page(info, source_, number_++, input_);
      return Frame::unreadable(std::move(info), std::move(reason));
    };
    if (!stream_) {
      std::string reason;
      const int descriptor = open(reason);
      if (descriptor < 0) return fail(std::move(reason));
      stream_ = std::make_unique<FrameStream>(
          [this, descriptor](std::uint8_t* to, std::size_t size) { return stop_->read(descriptor, to, size); },
          max_pixels_);
    }
    try {
      std::optional<FrameStream::Pixels> pixels;
      for (bool wanted = false; !wanted; ++number_) {
        wanted = number_ % every_ == 0;
        pixels = stream_->next(pass_over || !wanted);
        if (!pixels || stop_->requested()) {
          ended_ = true;
          return std::nullopt;
        }
        name_page(info, source_, number_, input_);
      }
      info.time_s = pixels->time_s;
      return pass_over ? Frame() : Frame::from_pixels(std::move(info), pixels->view, std::move(pixels->owner));
    } catch (const ImageError& error) {
      return fail(error.what());
    }
  }

  std::string source_;
  std::shared_ptr<const InputInfo> input_;
  std::int64_t every_;
  std::int64_t max_pixels_;
  const StopEvent* stop_;
  std::unique_ptr<FrameStream> stream_;
  std::int64_t number_ = 0;  // of the next frame in the stream
  bool ended_ = false;
};

class StdinInput : public StreamInput {
 public:
  StdinInput(int descriptor, std::int64_t max_pixels, const StopEvent& stop)
      : StreamInput("stdin", unprobed_input("stdin", FileKind::kLive), 1, max_pixels, stop),
        descriptor_(descriptor),
        stop_(&stop) {}

  std::optional<Frame> next(FrameInfo info) override {
    std::optional<Frame> frame = StreamInput::next(std::move(info));
    if (!frame && frames_given() == 0 && !stop_->requested()) {
      throw Error(ErrorKind::kInput, "standard input holds no frame; pipe Y4M or PPM/PGM frames into it");
    }
    return frame;
  }
  bool repeatable() const override { return false; }

 protected:
  int open(std::string&) override { return descriptor_; }

 private:
  int descriptor_;
  const StopEvent* stop_;
};

class Y4mInput : public StreamInput {
 public:
  Y4mInput(const ListedFile& file, std::int64_t every, std::int64_t max_pixels, const StopEvent& stop)
      : StreamInput(file.source, unprobed_input(file.file, FileKind::kVideo), every, max_pixels, stop),
        stop_(&stop),
        path_(file.path) {}

  void rewind() override {
    start_again();
    file_.reset();
  }

 protected:
  int open(std::string& reason) override {
    file_ = open_regular_file(path_, reason);
    if (!file_) return -1;
    if (input()->sha256.empty()) describe();
    return file_->descriptor();
  }

 private:
  void describe() {
    auto known = std::make_shared<InputInfo>(*input());
    known->sha256 = sha256_of(*file_, *stop_);
    std::string first(4096, '\0');
    const ssize_t got = ::pread(file_->descriptor(), first.data(), first.size(), 0);
    first.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    struct stat status {};
    const std::size_t end = first.find('\n');
    if (end == std::string::npos || ::fstat(file_->descriptor(), &status) != 0) return set_input(std::move(known));
    try {
      const Y4mHeader header = read_y4m_header(std::string_view(first).substr(0, end));
      known->width = static_cast<int>(header.width);
      known->height = static_cast<int>(header.height);
      if (header.frames_per_s > 0) known->fps = header.frames_per_s;
      constexpr std::int64_t kFrameLine = 6;  // "FRAME\n"
      const std::int64_t frame_bytes = header.frame_bytes() + kFrameLine;
      const std::int64_t bytes = status.st_size - static_cast<std::int64_t>(end) - 1;
      if (bytes % frame_bytes == 0) known->pages = bytes / frame_bytes;
    } catch (const ImageError&) {  // the first frame says so
    }
    set_input(std::move(known));
  }

  const StopEvent* stop_;
  std::string path_;
  std::shared_ptr<const OpenFile> file_;
};

}  // namespace

std::unique_ptr<Input> make_stdin_input(std::int64_t max_pixels, const StopEvent& stop, int descriptor) {
  return std::make_unique<StdinInput>(descriptor, max_pixels, stop);
}

std::unique_ptr<Input> make_y4m_input(const ListedFile& file, std::int64_t every, std::int64_t max_pixels,
                                      const StopEvent& stop) {
  return std::make_unique<Y4mInput>(file, every, max_pixels, stop);
}

}  // namespace capillaryx
