// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "capillaryx/analyzer.h"
#include "capillaryx/error.h"
#include "capillaryx/frame_source.h"
#include "capillaryx/result_sink.h"
#include "image/image.h"

/// Frames, an analyzer and a sink for the tests of this room.
namespace capillaryx::testing_frames {

/// Frame `index` has 8x4 grey pixels whose values depend on the index.
inline Frame grey_frame(std::int64_t index) {
  std::uint8_t pixels[32];
  for (int i = 0; i < 32; ++i) pixels[i] = static_cast<std::uint8_t>(index * 7 + i);
  FrameInfo info;
  info.index = index;
  info.source = "frame" + std::to_string(index);
  return Frame::copy_pixels(info, {pixels, 8, 4, 1, 8});
}

/// What SumAnalyzer gives for such a frame.
inline double sum_of_frame(std::int64_t index) {
  double sum = 0;
  for (int i = 0; i < 32; ++i) sum += static_cast<std::uint8_t>(index * 7 + i);
  return sum;
}

class GreyFrames : public FrameSource {
 public:
  explicit GreyFrames(std::int64_t frames) : frames_(frames) {}

  std::int64_t unreadable = -1;  ///< this frame cannot be had
  std::int64_t breaks_at = -1;   ///< the source ends with an error here
  std::function<void(std::int64_t)> before_next;
  std::function<void()> before_end;

  std::optional<Frame> next() override {
    if (next_ == frames_) {
      if (before_end) before_end();
      return std::nullopt;
    }
    if (next_ == breaks_at) throw Error(ErrorKind::kInput, "the camera was pulled out");
    if (before_next) before_next(next_);
    Frame frame = grey_frame(next_++);
    return frame.info().index == unreadable ? Frame::unreadable(frame.info(), "gone") : frame;
  }

 private:
  std::int64_t frames_;
  std::int64_t next_ = 0;
};

/// Has a file probed twice over before each frame, whose time says how many answers there were.
class ProbingFrames : public GreyFrames {
 public:
  explicit ProbingFrames(std::int64_t frames, std::shared_ptr<const OpenFile> file)
      : GreyFrames(frames), file_(std::move(file)) {}

  void use_prober(std::shared_ptr<Prober> prober) override { prober_ = std::move(prober); }

  std::optional<Frame> next() override {
    for (int i = 0; i < 2; ++i) {
      auto answer = std::make_shared<std::promise<Probed>>();
      std::future<Probed> probed = answer->get_future();
      prober_->probe(file_, [answer](Probed found) { answer->set_value(std::move(found)); });
      last = probed.get();
      ++answers_;
    }
    auto frame = GreyFrames::next();
    if (!frame) return frame;
    FrameInfo info = frame->info();
    info.time_s = answers_;
    return Frame::from_pixels(info, frame->pixels(), frame->owner());
  }

  Probed last;  ///< after the run

 private:
  std::shared_ptr<const OpenFile> file_;
  std::shared_ptr<Prober> prober_;
  int answers_ = 0;
};

/// A file in memory.
inline std::shared_ptr<const OpenFile> memory_file(std::span<const std::uint8_t> bytes) {
  auto file = std::make_shared<const OpenFile>(::memfd_create("test", MFD_CLOEXEC));
  if (::pwrite(file->descriptor(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return nullptr;
  return file;
}

/// A file that is one picture.
inline std::shared_ptr<const OpenFile> picture_file() {
  const std::vector<std::uint8_t> pixels(64, 90);
  return memory_file(encode_png({pixels.data(), 8, 8, 1, 8}));
}

/// Adds up the pixels; `extra` may do something to each frame on top.
class SumAnalyzer : public Analyzer {
 public:
  using Extra = std::function<void(const Frame&, FrameResult&)>;
  explicit SumAnalyzer(Extra extra = {}) : extra_(std::move(extra)) {}

  std::string name() const override { return "sum"; }
  std::string version() const override { return "1"; }
  ModelIdentity model() const override { return {"sum", std::string(64, '0')}; }
  FrameResult analyze(const Frame& frame) override {
    FrameResult result;
    double sum = 0;
    const PixelView& pixels = frame.pixels();
    for (int y = 0; y < pixels.height; ++y) {
      for (int x = 0; x < pixels.width * pixels.channels; ++x) sum += pixels.row(y)[x];
    }
    result.values["sum"] = sum;
    if (extra_) extra_(frame, result);
    return result;
  }

 private:
  Extra extra_;
};

inline AnalyzerFactory sum_factory() {
  return [](const Options&) { return std::make_unique<SumAnalyzer>(); };
}

/// Keeps every result and of which frames files were asked for.
class Results : public ResultSink {
 public:
  std::vector<FrameResult> results;
  std::vector<std::int64_t> files_asked;

  FrameFiles files(const FrameInfo& frame) override {
    files_asked.push_back(frame.index);
    return {};
  }
  void write(FrameResult result) override { results.push_back(std::move(result)); }
};

}  // namespace capillaryx::testing_frames
