// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "image/image.h"
#include "source/input.h"

namespace capillaryx {
namespace {

class LoadedInput : public Input {
 public:
  LoadedInput(std::unique_ptr<Input> input, std::int64_t max_frames, std::int64_t memory_bytes, std::int64_t max_pixels,
              const StopEvent& stop)
      : input_(std::move(input)),
        reader_(max_pixels),
        max_frames_(max_frames),
        memory_bytes_(memory_bytes),
        stop_(&stop) {}

  void use_prober(std::shared_ptr<Prober> prober) override { input_->use_prober(std::move(prober)); }

  void prepare() override {
    if (std::exchange(prepared_, true)) return;
    while (!stop_->requested() && memory_bytes_ > 0) {
      if (max_frames_ > 0 && static_cast<std::int64_t>(frames_.size()) >= max_frames_) return;
      std::optional<Frame> frame = decode_next({});
      if (!frame) {
        complete_ = true;
        return;
      }
      memory_bytes_ -= frame->pixels().stride_bytes * frame->pixels().height;
      frames_.push_back(std::move(*frame));
    }
  }

  std::optional<Frame> next(FrameInfo info) override {
    if (next_ >= frames_.size()) return complete_ ? std::nullopt : decode_next(std::move(info));
    const Frame& frame = frames_[next_++];
    info.source = frame.info().source;
    info.file = frame.info().file;
    info.page = frame.info().page;
    info.input = frame.info().input;
    info.time_s = frame.info().time_s;
    if (frame.pixels().empty()) return Frame::unreadable(std::move(info), frame.error());
    return Frame::from_pixels(std::move(info), frame.pixels(), frame.owner());
  }

  std::int64_t skip(std::int64_t count) override {
    prepare();
    std::int64_t skipped = 0;
    for (; skipped < count && next_ < frames_.size(); ++skipped) ++next_;
    return complete_ ? skipped : skipped + input_->skip(count - skipped);
  }

  std::optional<std::int64_t> frame_count() const override { return input_->frame_count(); }

  void rewind() override {
    next_ = 0;
    if (complete_) return;
    input_->rewind();
    input_->skip(static_cast<std::int64_t>(frames_.size()));
  }

 private:
  std::optional<Frame> decode_next(FrameInfo info) {
    std::optional<Frame> frame = input_->next(std::move(info));
    if (!frame || !frame->file()) return frame;
    try {
      std::string sha256;
      return reader_.read(*frame, sha256);
    } catch (const ImageError& error) {
      return Frame::unreadable(frame->info(), error.what());
    }
  }

  std::unique_ptr<Input> input_;
  ImageReader reader_;
  std::int64_t max_frames_;
  std::int64_t memory_bytes_;  // that may still be used
  const StopEvent* stop_;
  std::vector<Frame> frames_;
  bool prepared_ = false;
  bool complete_ = false;  // frames_ holds all of them
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Input> make_loaded_input(std::unique_ptr<Input> input, std::int64_t max_frames,
                                         std::int64_t memory_bytes, std::int64_t max_pixels, const StopEvent& stop) {
  return std::make_unique<LoadedInput>(std::move(input), max_frames, memory_bytes, max_pixels, stop);
}

}  // namespace capillaryx
