// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "capillaryx/frame.h"

namespace capillaryx {

class PictureStack;

/// Why a picture cannot be read. Spoils its frame alone.
class ImageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a picture file says of itself beside its pixels, or what its values showed. See InputInfo for each.
struct ImageFacts {
  std::optional<std::array<double, 2>> value_range;
  std::optional<double> scale_um_per_px;
  std::string scale_from;
  std::optional<double> magnification;
  std::vector<std::string> notes;
};

/// Reads pictures into memory that it uses again from frame to frame. One per worker; one call at a time.
class ImageReader {
 public:
  /// `max_pixels`: larger pictures are refused before their pixels are decoded.
  explicit ImageReader(std::int64_t max_pixels);
  ~ImageReader();

  /// Reads the open file of an encoded frame (pread only, regular files only) and decodes it: PNG, JPEG, TIFF, WebP,
  /// BMP, PNM, DICOM by content, whatever the name says. Alpha is ignored, orientation tags are not applied. Values of
  /// more than 8 bits are scaled to 8 (`docs/inputs.md` has the rules), by `info().input->value_range` if there is one.
  /// With `info().page`, that page of the file, and only what it needs is read; else the file's only picture.
  /// Sets `sha256` to that of the encoded bytes (hex), also if decoding then fails; empty for a page, whose probe
  /// hashes the file. A frame that has pixels already is given back as it is, `sha256` empty. The result's memory goes
  /// back to the reader when the last copy of the frame is gone. Throws ImageError: damaged, truncated, too large, no
  /// picture, unreadable.
  Frame read(const Frame& frame, std::string& sha256);
  /// As above; `facts` gets what the file says of itself, also if decoding then fails.
  Frame read(const Frame& frame, std::string& sha256, ImageFacts& facts);

  /// Decodes bytes in memory. Throws ImageError.
  Frame decode(const FrameInfo& info, std::span<const std::uint8_t> bytes);
  Frame decode(const FrameInfo& info, std::span<const std::uint8_t> bytes, ImageFacts& facts);

 private:
  Frame decode_page(const FrameInfo& info, PictureStack& stack, std::int64_t page, ImageFacts& facts);

  struct Memory;
  std::shared_ptr<Memory> memory_;
  std::int64_t max_pixels_;
};

/// Pictures as files. `pixels` has 1 or 3 channels. Same pixels, same bytes.
constexpr int kJpegQuality = 90;
std::vector<std::uint8_t> encode_jpeg(const PixelView& pixels, int quality = kJpegQuality);
/// The same into `memory`, which is used again as it is; the file is the part of it that is returned.
std::span<const std::uint8_t> encode_jpeg(const PixelView& pixels, int quality, std::vector<std::uint8_t>& memory);
std::vector<std::uint8_t> encode_png(const PixelView& pixels);

/// Whether a file of this name is taken for a picture when a folder is read (by suffix, any case).
bool has_image_suffix(std::string_view name);

/// Whether a file that begins so is taken for a picture, whatever its name; 132 bytes are enough.
bool is_image_content(std::span<const std::uint8_t> first_bytes);

/// A small copy for a page: each pixel is the mean of a box of `factor` x `factor` pixels (less at the right and lower
/// edge), `factor` being the smallest with which neither side passes `max_side_px`. Rows without gaps, channels kept.
struct Thumbnail {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<std::uint8_t> bytes;
  PixelView view() const { return {bytes.data(), width, height, channels, std::ptrdiff_t{width} * channels}; }
};
Thumbnail shrink(const PixelView& pixels, int max_side_px);

/// SHA-256, hex.
std::string sha256_hex(std::span<const std::uint8_t> bytes);
/// Of a whole file, read in pieces with pread. Throws ImageError if it cannot be read.
std::string sha256_hex(const OpenFile& file);

/// SHA-256 of what comes in pieces. One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(std::string_view bytes);
  /// Of all bytes so far, hex; more may follow.
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace capillaryx
