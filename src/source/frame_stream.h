// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capillaryx/frame.h"
#include "image/buffer_pool.h"
#include "image/y4m.h"

namespace capillaryx {

/// Reads up to `size` (> 0) bytes; returns how many, 0 at the end. May throw ImageError.
using ReadBytes = std::function<std::size_t(std::uint8_t* to, std::size_t size)>;

/// Frames out of a stream of bytes, for standard input and for ffmpeg's pipe: Y4M, or binary PNM pictures (P4 to P6, 8
/// or 16 bits) one after another. What comes is not trusted. One thread at a time.
class FrameStream {
 public:
  FrameStream(ReadBytes read, std::int64_t max_pixels) : read_(std::move(read)), max_pixels_(max_pixels) {}

  struct Pixels {
    PixelView view;  ///< empty where next() skipped the frame
    std::shared_ptr<const void> owner;
    std::optional<double> time_s;  ///< where the stream gives a rate
  };

  /// The next frame; nothing at an end between two frames. With `pass_over` it is read, but not made into pixels.
  /// Throws ImageError where the stream is torn, is no such stream, or holds a frame that is too large; it has then
  /// ended.
  std::optional<Pixels> next(bool pass_over = false);

 private:
  int peek();
  int take();
  std::string take_line();
  void read_exactly(std::uint8_t* to, std::size_t size);
  Pixels next_pnm(bool pass_over);
  Pixels next_y4m(bool pass_over);

  ReadBytes read_;
  std::int64_t max_pixels_;
  std::shared_ptr<BufferPool> pool_ = BufferPool::make();
  std::vector<std::uint8_t> buffer_;  // what has been read ahead: [at_, end_)
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::vector<std::uint8_t> raw_;  // a frame as it came
  std::optional<Y4mHeader> y4m_;
  std::int64_t y4m_frames_ = 0;
  bool ended_ = false;
};

}  // namespace capillaryx
