// SPDX-License-Identifier: Apache-2.0
// Own code, as BMP has no coding worth a library's name, and stb_image's reader fills cut-short files up with zeros,
// reads palette entries that the file does not have, and ends the process on odd masks.
#include <array>
#include <bit>
#include <cstdlib>

#include "image/decoders.h"

namespace capillaryx {
namespace {

constexpr std::size_t kFileHeaderBytes = 14;

std::uint32_t little_endian(const std::uint8_t* at, int bytes) {
  std::uint32_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) value = value << 8U | at[i];
  return value;
}

// One colour of a 16- or 32-bit pixel.
struct Mask {
  std::uint32_t bits = 0;
  int shift = 0;
  std::uint32_t max = 0;

  explicit Mask(std::uint32_t mask) : bits(mask) {
    if (mask == 0) throw ImageError("the BMP is damaged: a colour has no bits");
    shift = std::countr_zero(mask);
    max = mask >> static_cast<unsigned>(shift);
    if ((max & (max + 1U)) != 0 || max > 0xffffU) throw ImageError("the BMP has colour masks that are not supported");
  }
  std::uint8_t value(std::uint32_t pixel) const {
    return static_cast<std::uint8_t>((((pixel & bits) >> static_cast<unsigned>(shift)) * 255U + max / 2U) / max);
  }
};

struct BmpHeader {
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool top_down = false;
  std::size_t pixels_at = 0;
  int bits = 0;
  std::array<std::uint32_t, 3> masks{};
  std::span<const std::uint8_t> palette;
  std::size_t palette_entry_bytes = 4;
};

BmpHeader read_header(std::span<const std::uint8_t> bytes) {
  const auto need = [&](std::size_t size) {
    if (bytes.size() < size) throw ImageError("the BMP is truncated");
  };
  need(kFileHeaderBytes + 4);
  BmpHeader header;
  header.pixels_at = little_endian(&bytes[10], 4);
  const std::size_t info_bytes = little_endian(&bytes[14], 4);
  const bool old = info_bytes == 12;
  if (!old && (info_bytes < 40 || info_bytes > 124)) throw ImageError("the BMP is damaged or of an unknown version");
  need(kFileHeaderBytes + info_bytes);

  const std::uint8_t* const info = &bytes[kFileHeaderBytes];
  std::uint32_t compression = 0;
  std::size_t colors_used = 0;
  if (old) {
    header.width = little_endian(info + 4, 2);
    header.height = little_endian(info + 6, 2);
    header.bits = static_cast<int>(little_endian(info + 10, 2));
    header.palette_entry_bytes = 3;
  } else {
    header.width = static_cast<std::int32_t>(little_endian(info + 4, 4));
    header.height = static_cast<std::int32_t>(little_endian(info + 8, 4));
    header.bits = static_cast<int>(little_endian(info + 14, 2));
    compression = little_endian(info + 16, 4);
    colors_used = little_endian(info + 32, 4);
  }
  header.top_down = header.height < 0;
  header.height = std::abs(header.height);

  std::size_t palette_at = kFileHeaderBytes + info_bytes;
  if (header.bits == 16 || header.bits == 32) {
    header.masks = header.bits == 16 ? std::array<std::uint32_t, 3>{0x7c00, 0x3e0, 0x1f}
                                     : std::array<std::uint32_t, 3>{0xff0000, 0xff00, 0xff};
    if (compression == 3 || compression == 6) {
      need(kFileHeaderBytes + 40 + 12);  // behind a header of 40 bytes, inside a longer one
      for (std::size_t i = 0; i < 3; ++i) header.masks[i] = little_endian(info + 40 + 4 * i, 4);
      compression = 0;
    }
  }
  if (compression == 1 || compression == 2) throw ImageError("the BMP is run-length coded, which is not supported");
  if (compression != 0) throw ImageError("the BMP has an unknown compression");
  if (header.bits == 1 || header.bits == 4 || header.bits == 8) {
    const std::size_t most = std::size_t{1} << static_cast<unsigned>(header.bits);
    const std::size_t entries = colors_used == 0 || colors_used > most ? most : colors_used;
    need(palette_at + entries * header.palette_entry_bytes);
    header.palette = bytes.subspan(palette_at, entries * header.palette_entry_bytes);
  } else if (header.bits != 16 && header.bits != 24 && header.bits != 32) {
    throw ImageError("the BMP has " + std::to_string(header.bits) + " bits a pixel, which is not supported");
  }
  return header;
}

void read_row(const BmpHeader& header, const std::uint8_t* from, std::uint8_t* to) {
  const auto width = static_cast<std::size_t>(header.width);
  if (header.bits == 24) {
    for (std::size_t x = 0; x < width; ++x, from += 3, to += 3) {
      to[0] = from[2];
      to[1] = from[1];
      to[2] = from[0];
    }
  } else if (header.bits > 8) {
    const std::array<Mask, 3> masks = {Mask(header.masks[0]), Mask(header.masks[1]), Mask(header.masks[2])};
    const int pixel_bytes = header.bits / 8;
    for (std::size_t x = 0; x < width; ++x, from += pixel_bytes) {
      const std::uint32_t pixel = little_endian(from, pixel_bytes);
      for (const Mask& mask : masks) *to++ = mask.value(pixel);
    }
  } else {
    const auto bits = static_cast<std::size_t>(header.bits);
    const unsigned low = (1U << bits) - 1U;
    for (std::size_t x = 0; x < width; ++x, to += 3) {
      const std::size_t shift = 8 - bits - x * bits % 8;
      const std::size_t entry = ((from[x * bits / 8] >> shift) & low) * header.palette_entry_bytes;
      if (entry >= header.palette.size()) throw ImageError("the BMP is damaged: a pixel is outside of its palette");
      to[0] = header.palette[entry + 2];
      to[1] = header.palette[entry + 1];
      to[2] = header.palette[entry];
    }
  }
}

}  // namespace

void decode_bmp(std::span<const std::uint8_t> bytes, PixelTarget& target) {
  const BmpHeader header = read_header(bytes);
  target.check_size(header.width, header.height);
  const auto rows = static_cast<std::size_t>(header.height);
  const std::size_t stride =
      (static_cast<std::size_t>(header.width) * static_cast<std::size_t>(header.bits) + 31) / 32 * 4;
  if (header.pixels_at > bytes.size() || stride > (bytes.size() - header.pixels_at) / rows) {
    throw ImageError("the BMP is truncated");
  }
  std::uint8_t* const pixels = target.allocate(header.width, header.height, 3);
  const std::size_t row_bytes = static_cast<std::size_t>(header.width) * 3;
  for (std::size_t y = 0; y < rows; ++y) {
    const std::size_t stored = header.top_down ? y : rows - 1 - y;
    read_row(header, &bytes[header.pixels_at] + stored * stride, pixels + y * row_bytes);
  }
}

}  // namespace capillaryx
