// SPDX-License-Identifier: Apache-2.0
#include "source/frame_stream.h"

#include <algorithm>
#include <new>

#include "image/decoders.h"
#include "image/image.h"
#include "image/pnm.h"

namespace capillaryx {
namespace {

constexpr std::size_t kBufferBytes = 65'536;
constexpr std::size_t kMaxLineBytes = 4096;
// Memory for a frame grows as its bytes come: a header alone does not fill the machine.
constexpr std::size_t kGrowthBytes = 64U << 20U;

}  // namespace

std::optional<FrameStream::Pixels> FrameStream::next(bool pass_over) {
  if (ended_) return std::nullopt;
  try {
    while (peek() == 'Y') {  // streams may follow one another, too
      y4m_ = read_y4m_header(take_line());
      PixelTarget(*pool_, max_pixels_).check_size(y4m_->width, y4m_->height);
    }
    if (peek() < 0) {
      ended_ = true;
      return std::nullopt;
    }
    if (y4m_) return next_y4m(pass_over);
    if (peek() == 'P') return next_pnm(pass_over);
    throw ImageError("the stream holds neither Y4M nor PPM/PGM frames");
  } catch (const std::bad_alloc&) {
    ended_ = true;
    throw ImageError("not enough memory for a frame of the stream");
  } catch (const ImageError&) {
    ended_ = true;
    throw;
  }
}

int FrameStream::peek() {
  if (at_ == end_) {
    buffer_.resize(kBufferBytes);
    at_ = 0;
    end_ = read_(buffer_.data(), buffer_.size());
    if (end_ == 0) return -1;
  }
  return buffer_[at_];
}

int FrameStream::take() {
  const int byte = peek();
  if (byte >= 0) ++at_;
  return byte;
}

std::string FrameStream::take_line() {
  std::string line;
  for (int byte = take(); byte != '\n'; byte = take()) {
    if (byte < 0) throw ImageError("the stream is truncated");
    line += static_cast<char>(byte);
    if (line.size() > kMaxLineBytes) throw ImageError("the stream is damaged: a header does not end");
  }
  return line;
}

void FrameStream::read_exactly(std::uint8_t* to, std::size_t size) {
  const std::size_t buffered = std::min(size, end_ - at_);
  std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(at_), buffered, to);
  at_ += buffered;
  for (std::size_t have = buffered; have < size;) {
    const std::size_t got = read_(to + have, size - have);
    if (got == 0) throw ImageError("the stream is truncated: its last frame is not whole");
    have += got;
  }
}

FrameStream::Pixels FrameStream::next_pnm(bool pass_over) {
  const PnmHeader header = read_pnm_header([this] { return take(); });
  if (header.text()) throw ImageError("the stream holds PNM frames written as text, which is not supported");
  PixelTarget target(*pool_, max_pixels_);
  target.check_size(header.width, header.height);
  const auto row_bytes = static_cast<std::size_t>(header.row_bytes());
  const auto rows = static_cast<std::size_t>(header.height);
  const bool as_it_is = header.kind != 4 && header.max_value == 255;
  if (as_it_is && !pass_over) {
    read_exactly(target.allocate(header.width, header.height, header.channels()), row_bytes * rows);
    return {target.view(), target.owner(), {}};
  }
  raw_.resize(row_bytes);
  std::uint8_t* const to = pass_over ? nullptr : target.allocate(header.width, header.height, header.channels());
  for (std::size_t y = 0; y < rows; ++y) {
    read_exactly(raw_.data(), row_bytes);
    if (to != nullptr) {
      convert_pnm_row(header, raw_.data(), to + y * static_cast<std::size_t>(header.width * header.channels()));
    }
  }
  return {target.view(), target.owner(), {}};
}

FrameStream::Pixels FrameStream::next_y4m(bool pass_over) {
  const std::string line = take_line();
  if (line != "FRAME" && !line.starts_with("FRAME ")) {
    throw ImageError("the Y4M stream is damaged: a frame does not begin where it should");
  }
  const auto frame_bytes = static_cast<std::size_t>(y4m_->frame_bytes());
  for (std::size_t have = 0; have < frame_bytes;) {
    const std::size_t part = std::min(frame_bytes - have, kGrowthBytes);
    if (raw_.size() < have + part) raw_.resize(have + part);
    read_exactly(&raw_[have], part);
    have += part;
  }
  PixelTarget target(*pool_, max_pixels_);
  if (!pass_over) {
    convert_y4m_frame(*y4m_, raw_.data(), target.allocate(y4m_->width, y4m_->height, y4m_->channels()));
  }
  std::optional<double> time_s;
  if (y4m_->frames_per_s > 0) time_s = static_cast<double>(y4m_frames_) / y4m_->frames_per_s;
  ++y4m_frames_;
  return {target.view(), target.owner(), time_s};
}

}  // namespace capillaryx
