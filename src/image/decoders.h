// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "capillaryx/frame.h"
#include "image/buffer_pool.h"
#include "image/image.h"
#include "image/values.h"

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

/// 16 bits scaled to 8 from the full range: round(value x 255 / 65535). For palettes.
constexpr std::uint8_t scale_16_to_8(std::uint32_t value) {
  return static_cast<std::uint8_t>((value * 255U + 32767U) / 65535U);
}

/// Memory that the decoders of one reader use again.
struct DecoderMemory {
  Scratch packed, inflated, wide;
  void trim();
};

/// One picture on its way from bytes to pixels.
struct Decoding {
  PixelTarget& target;
  DecoderMemory& memory;
  ImageFacts& facts;
  /// The range of the file's values, as the probe found it; absent: found in this picture.
  std::optional<std::array<double, 2>> range;
  /// Not null: nothing goes to `target`; what values of more than 8 bits show is added here. For the probe.
  ValueFacts* survey = nullptr;
};

/// Ends the decoding of a picture whose values (`height` rows of `width` x `channels`) have more than 8 bits: finds the
/// range, scales, and says in the facts what it did. `known`: what the file says of its values.
template <class Value>
void finish_wide(Decoding& decoding, const Value* values, std::int64_t width, std::int64_t height, int channels,
                 ValueFacts known, bool invert);

/// The decoders. Each throws ImageError for whatever is damaged, truncated, too large or not supported, and reads
/// nothing outside `bytes`. What follows a complete picture is not looked at.
void decode_png(std::span<const std::uint8_t> bytes, Decoding& decoding);
/// `rgb`: three components without a marker that says otherwise are red, green and blue (DICOM says so outside).
void decode_jpeg(std::span<const std::uint8_t> bytes, Decoding& decoding, bool rgb = false);
void decode_webp(std::span<const std::uint8_t> bytes, Decoding& decoding);
void decode_bmp(std::span<const std::uint8_t> bytes, PixelTarget& target);
void decode_pnm(std::span<const std::uint8_t> bytes, Decoding& decoding);

/// Any of them, by the first bytes; stacks (TIFF, DICOM, animations) are read by open_stack.
void decode_picture(std::span<const std::uint8_t> bytes, Decoding& decoding);

/// What the first bytes say that a file is.
enum class ImageFormat { kUnknown, kPng, kJpeg, kTiff, kWebp, kBmp, kPnm, kDicom };
/// 132 bytes are enough.
ImageFormat image_format(std::span<const std::uint8_t> bytes);

}  // namespace capillaryx
