// SPDX-License-Identifier: Apache-2.0
#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

#include "image/image.h"

namespace capillaryx {
namespace {

// Level 1 of libdeflate with the filter that suits photographs (sub) costs a tenth of libpng's default time for a few
// per cent of size.
constexpr int kLevel = 1;

void put_big_endian_32(std::vector<std::uint8_t>& to, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

// Writes a chunk whose content `fill` appends.
template <class Fill>
void add_chunk(std::vector<std::uint8_t>& png, std::string_view type, Fill&& fill) {
  const std::size_t start = png.size();
  put_big_endian_32(png, 0);
  png.insert(png.end(), type.begin(), type.end());
  fill();
  const std::size_t size = png.size() - start - 8;
  for (std::size_t i = 0; i < 4; ++i) png[start + i] = static_cast<std::uint8_t>(size >> (24 - 8 * i));
  put_big_endian_32(png, libdeflate_crc32(0, &png[start + 4], size + 4));
}

void filter_sub(const std::uint8_t* row, std::uint8_t* to, std::size_t size, std::size_t pixel_bytes) {
  to[0] = 1;
  std::memcpy(to + 1, row, pixel_bytes);
  for (std::size_t i = pixel_bytes; i < size; ++i) to[1 + i] = static_cast<std::uint8_t>(row[i] - row[i - pixel_bytes]);
}

}  // namespace

std::vector<std::uint8_t> encode_png(const PixelView& pixels) {
  struct Free {
    void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  };
  const std::unique_ptr<libdeflate_compressor, Free> compressor(libdeflate_alloc_compressor(kLevel));
  if (!compressor) throw std::bad_alloc();

  const auto channels = static_cast<std::size_t>(pixels.channels);
  const std::size_t row_bytes = static_cast<std::size_t>(pixels.width) * channels;
  const std::size_t filtered_bytes = (row_bytes + 1) * static_cast<std::size_t>(pixels.height);
  const auto filtered = std::make_unique_for_overwrite<std::uint8_t[]>(filtered_bytes);
  for (int y = 0; y < pixels.height; ++y) {
    filter_sub(pixels.row(y), &filtered[static_cast<std::size_t>(y) * (row_bytes + 1)], row_bytes, channels);
  }

  std::vector<std::uint8_t> png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  add_chunk(png, "IHDR", [&] {
    put_big_endian_32(png, static_cast<std::size_t>(pixels.width));
    put_big_endian_32(png, static_cast<std::size_t>(pixels.height));
    const std::array<std::uint8_t, 5> coding = {8, static_cast<std::uint8_t>(channels == 1 ? 0 : 2), 0, 0, 0};
    png.insert(png.end(), coding.begin(), coding.end());
  });
  const std::size_t bound = libdeflate_zlib_compress_bound(compressor.get(), filtered_bytes);
  const auto packed = std::make_unique_for_overwrite<std::uint8_t[]>(bound);
  const std::size_t size =
      libdeflate_zlib_compress(compressor.get(), filtered.get(), filtered_bytes, packed.get(), bound);
  // A chunk holds less than 2^31 bytes.
  constexpr std::size_t kMaxChunkBytes = 1U << 30U;
  for (std::size_t at = 0; at < size; at += kMaxChunkBytes) {
    add_chunk(png, "IDAT",
              [&] { png.insert(png.end(), &packed[at], &packed[0] + std::min(size, at + kMaxChunkBytes)); });
  }
  add_chunk(png, "IEND", [] {});
  return png;
}

}  // namespace capillaryx
