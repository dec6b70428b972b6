// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "capillaryx/frame.h"
#include "image/buffer_pool.h"
#include "image/image.h"

namespace capillaryx {

/// Where a decoder puts its pixels. One for each picture.
class PixelTarget {
 public:
  PixelTarget(BufferPool& pool, std::int64_t max_pixels) : pool_(&pool), max_pixels_(max_pixels) {}

  /// Throws ImageError where a picture of this size is not read. Decoders call it before they ask for any memory.
  void check_size(std::int64_t width, std::int64_t height) const;

  /// Memory for height x width x channels bytes, rows without gaps, and `spare_bytes` behind them for the decoder's own
  /// use. Checks the size first. Call once.
  std::uint8_t* allocate(std::int64_t width, std::int64_t height, int channels, std::int64_t spare_bytes = 0);

  /// What was allocated.
  const PixelView& view() const { return view_; }
  std::shared_ptr<const void> owner() const { return memory_; }

 private:
  BufferPool* pool_;
  std::int64_t max_pixels_;
  std::shared_ptr<std::uint8_t> memory_;
  PixelView view_;
};

/// Memory of a decoder's own, kept from frame to frame.
class Scratch {
 public:
  /// At least `size_bytes`; the content is undefined. What an earlier call gave is gone.
  std::uint8_t* get(std::size_t size_bytes);
  /// Gives back memory that an odd giant left behind.
  void trim();

 private:
  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t size_bytes_ = 0;
};

/// 16 bits scaled to 8 from the full range: round(value x 255 / 65535).
constexpr std::uint8_t scale_16_to_8(std::uint32_t value) {
  return static_cast<std::uint8_t>((value * 255U + 32767U) / 65535U);
}

/// The decoders. Each throws ImageError for whatever is damaged, cut short, too large or not supported, and reads
/// nothing outside `bytes`. What follows a complete picture is not looked at.
void decode_png(std::span<const std::uint8_t> bytes, PixelTarget& target, Scratch& packed, Scratch& inflated);
void decode_jpeg(std::span<const std::uint8_t> bytes, PixelTarget& target);
void decode_tiff(std::span<const std::uint8_t> bytes, PixelTarget& target);
void decode_webp(std::span<const std::uint8_t> bytes, PixelTarget& target);
void decode_bmp(std::span<const std::uint8_t> bytes, PixelTarget& target);
void decode_pnm(std::span<const std::uint8_t> bytes, PixelTarget& target);

/// What the first bytes say that a file is.
enum class ImageFormat { kUnknown, kPng, kJpeg, kTiff, kWebp, kBmp, kPnm };
ImageFormat image_format(std::span<const std::uint8_t> bytes);

}  // namespace capillaryx
