// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/frame.h"

#include <unistd.h>

#include <cstring>
#include <utility>
#include <vector>

#include "capillaryx/error.h"

namespace capillaryx {

OpenFile::~OpenFile() { ::close(descriptor_); }

Frame Frame::from_file(FrameInfo info, std::shared_ptr<const OpenFile> file) {
  Frame frame;
  frame.info_ = std::move(info);
  frame.file_ = std::move(file);
  return frame;
}

Frame Frame::from_pixels(FrameInfo info, const PixelView& pixels, std::shared_ptr<const void> owner) {
  if (pixels.empty() || pixels.width < 1 || pixels.height < 1) {
    throw Error(ErrorKind::kUsage, "a frame needs at least one pixel");
  }
  if (pixels.channels != 1 && pixels.channels != 3) {
    throw Error(ErrorKind::kUsage, "a frame has 1 channel (grey) or 3 (red, green, blue)");
  }
  if (pixels.stride_bytes < static_cast<std::ptrdiff_t>(pixels.width) * pixels.channels) {
    throw Error(ErrorKind::kUsage, "the rows of a frame must not overlap: stride_bytes is less than width x channels");
  }
  Frame frame;
  frame.info_ = std::move(info);
  frame.pixels_ = pixels;
  frame.owner_ = std::move(owner);
  return frame;
}

Frame Frame::copy_pixels(FrameInfo info, const PixelView& pixels) {
  PixelView copy = pixels;
  copy.stride_bytes = static_cast<std::ptrdiff_t>(pixels.width) * pixels.channels;
  const auto bytes =
      std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(copy.stride_bytes) * pixels.height);
  for (int y = 0; y < pixels.height; ++y) {
    std::memcpy(bytes->data() + y * copy.stride_bytes, pixels.row(y), static_cast<std::size_t>(copy.stride_bytes));
  }
  copy.data = bytes->data();
  return from_pixels(std::move(info), copy, bytes);
}

Frame Frame::unreadable(FrameInfo info, std::string reason) {
  Frame frame;
  frame.info_ = std::move(info);
  frame.error_ = std::move(reason);
  return frame;
}

}  // namespace capillaryx
