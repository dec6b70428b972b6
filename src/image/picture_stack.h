// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "image/byte_source.h"
#include "image/decoders.h"

namespace capillaryx {

/// What a file with one or more pictures says of all of them. A plain value.
struct StackFacts {
  std::int64_t pages = 1;            ///< frames
  int width = 0, height = 0;         ///< of the first, px
  std::vector<double> page_times_s;  ///< one for each page; empty without a time axis
  std::optional<double> scale_um_per_px;
  std::string scale_from;
  std::vector<std::string> notes;
};

/// A file of one or more pictures, opened for reading them in any order. One thread at a time.
class PictureStack {
 public:
  virtual ~PictureStack() = default;
  const StackFacts& facts() const { return facts_; }
  /// Decodes one page, 0 <= page < facts().pages. Reads only what the page needs. Throws ImageError.
  virtual void read(std::int64_t page, Decoding& decoding) = 0;

 protected:
  StackFacts facts_;
};

/// Whether this kind of file is read as a stack, even with one picture in it.
bool is_stack(const ByteSource& source);

/// Opens one. `max_pixels` bounds a page. Throws ImageError: damaged, or not supported.
std::unique_ptr<PictureStack> open_stack(ByteSource source, std::int64_t max_pixels);

// The kinds.
std::unique_ptr<PictureStack> open_tiff(ByteSource source);
std::unique_ptr<PictureStack> open_dicom(ByteSource source, std::int64_t max_pixels);
std::unique_ptr<PictureStack> open_apng(const ByteSource& source, std::int64_t max_pixels);
std::unique_ptr<PictureStack> open_webp_animation(const ByteSource& source, std::int64_t max_pixels);

/// Whether a WebP is an animated one; 21 bytes are enough.
bool is_animated_webp(std::span<const std::uint8_t> first_bytes);
/// Whether a PNG is an animated one.
bool has_png_animation(const ByteSource& source);

}  // namespace capillaryx
