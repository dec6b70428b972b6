// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "phantom/phantom.h"
#include "source/input.h"

namespace capillaryx {
namespace {

class PhantomInput : public Input {
 public:
  explicit PhantomInput(std::int64_t count) : count_(count) {}

  std::optional<Frame> next(FrameInfo info) override {
    if (next_ == count_) return std::nullopt;
    info.source = info.file = "phantom#" + std::to_string(next_);
    const Frame frame = draw_phantom(PhantomOptions(), next_++).frame;
    return Frame::from_pixels(std::move(info), frame.pixels(), frame.owner());
  }

  std::int64_t skip(std::int64_t count) override {
    const std::int64_t skipped = std::min(count, count_ - next_);
    next_ += skipped;
    return skipped;
  }

  std::optional<std::int64_t> frame_count() const override { return count_; }
  void rewind() override { next_ = 0; }

 private:
  std::int64_t count_;
  std::int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Input> make_phantom_input(std::int64_t count) { return std::make_unique<PhantomInput>(count); }

}  // namespace capillaryx
