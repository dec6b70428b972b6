// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace capillaryx {

/// The header of a YUV4MPEG2 stream.
struct Y4mHeader {
  std::int64_t width = 0;
  std::int64_t height = 0;
  int chroma_shift_x = 1;  ///< log2 of how many pixels share a chroma value
  int chroma_shift_y = 1;
  bool grey = false;
  bool alpha = false;  ///< a plane that is skipped
  bool full_range = false;
  double frames_per_s = 0;  ///< 0: not said
  int bits = 8;             ///< 8..16; above 8 a value takes two bytes, little endian

  int channels() const { return grey ? 1 : 3; }
  std::int64_t value_bytes() const { return bits > 8 ? 2 : 1; }
  std::int64_t chroma_width() const { return (width + (1 << chroma_shift_x) - 1) >> chroma_shift_x; }
  std::int64_t chroma_height() const { return (height + (1 << chroma_shift_y) - 1) >> chroma_shift_y; }
  /// Bytes of the planes of one frame.
  std::int64_t frame_bytes() const;
};

/// Reads a stream's first line, without its line feed. Width and height are 1 .. 10^9. Throws ImageError.
Y4mHeader read_y4m_header(std::string_view line);

/// The planes of a frame as height x width x channels() bytes. Colours by ITU-R BT.601 (what YUV4MPEG2 holds unless
/// said otherwise, and it cannot say otherwise); each pixel takes the chroma value that it shares. Limited range is
/// scaled up to 0..255, for grey too.
void convert_y4m_frame(const Y4mHeader& header, const std::uint8_t* planes, std::uint8_t* pixels);

}  // namespace capillaryx
