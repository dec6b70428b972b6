// SPDX-License-Identifier: Apache-2.0
// Plain 8-bit PNG goes through libdeflate (2.5 times the speed of zlib) and the filters of png_filter; everything else
// through libpng. Both see a file whose chunks have been walked and whose checksums have all been found right.
#include <libdeflate.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "image/decoders.h"
#include "image/png_filter.h"

namespace capillaryx {
namespace {

constexpr std::size_t kSignatureBytes = 8;
// Deflate cannot make more than this of a byte.
constexpr std::uint64_t kMaxInflation = 1032;

std::uint32_t big_endian_32(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24U | std::uint32_t{at[1]} << 16U | std::uint32_t{at[2]} << 8U | at[3];
}

struct PngHeader {
  std::int64_t width = 0;
  std::int64_t height = 0;
  int bit_depth = 0;
  int color_type = 0;
  bool interlaced = false;
  std::size_t end = 0;         ///< past IEND
  std::size_t data_bytes = 0;  ///< in all IDAT chunks
  std::size_t data_chunks = 0;
  std::size_t first_data = 0;  ///< where the content of the first IDAT chunk begins
  int significant_bits = 0;    ///< as sBIT states them; 0 if it does not
  std::string damaged_text;    ///< a chunk whose wrong checksum hurts no pixel
};

// Chunks that say nothing of the stored values. The name of another may be damaged itself.
bool known_ancillary(std::string_view name) {
  static constexpr std::array<std::string_view, 15> kNames = {"tEXt", "zTXt", "iTXt", "tIME", "eXIf",
                                                              "pHYs", "gAMA", "cHRM", "sRGB", "iCCP",
                                                              "bKGD", "hIST", "sPLT", "oFFs", "caBX"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// Calls visit(type, content, size) for each chunk up to IEND; returns where the file ends. A wrong checksum is an
// error, but for chunks that hold text, times and the like: visit_damaged(type) is called instead of visit. `checked`:
// no checksum is taken again.
template <class Visitor, class DamagedVisitor>
std::size_t walk_chunks(std::span<const std::uint8_t> bytes, bool checked, Visitor&& visit,
                        DamagedVisitor&& visit_damaged) {
  std::size_t at = kSignatureBytes;
  for (;;) {
    if (bytes.size() - at < 12) throw ImageError("the PNG is truncated");
    const std::size_t size = big_endian_32(&bytes[at]);
    if (size > bytes.size() - at - 12) throw ImageError("the PNG is truncated or damaged");
    const std::uint8_t* const type = &bytes[at + 4];
    const std::string_view name(reinterpret_cast<const char*>(type), 4);
    const bool critical = (type[0] & 32U) == 0;
    if (checked || libdeflate_crc32(0, type, size + 4) == big_endian_32(type + 4 + size)) {
      visit(name, type + 4, size);
    } else if (critical || name == "sBIT" || !known_ancillary(name)) {
      throw ImageError("the PNG is damaged: a checksum is wrong");
    } else {
      visit_damaged(name);
    }
    at += size + 12;
    if (std::memcmp(type, "IEND", 4) == 0) return at;
  }
}

PngHeader read_header(std::span<const std::uint8_t> bytes) {
  PngHeader header;
  bool first = true;
  bool data_ended = false;
  const auto visit = [&](std::string_view type, const std::uint8_t* content, std::size_t size) {
    if (first != (type == "IHDR")) throw ImageError("the PNG is damaged: its header is not where it belongs");
    if (first) {
      if (size != 13) throw ImageError("the PNG is damaged: its header has a wrong size");
      header.width = big_endian_32(content);
      header.height = big_endian_32(content + 4);
      header.bit_depth = content[8];
      header.color_type = content[9];
      if (content[10] != 0 || content[11] != 0 || content[12] > 1) throw ImageError("the PNG has an unknown coding");
      header.interlaced = content[12] == 1;
      first = false;
    } else if (type == "IDAT") {
      if (data_ended) throw ImageError("the PNG is damaged: its picture data are not in one piece");
      if (header.data_chunks == 0) header.first_data = static_cast<std::size_t>(content - bytes.data());
      header.data_bytes += size;
      ++header.data_chunks;
    } else {
      data_ended = header.data_chunks > 0;
      const bool critical = (static_cast<unsigned char>(type[0]) & 32U) == 0;
      if (critical && type != "PLTE" && type != "IEND") throw ImageError("the PNG is damaged or has an unknown coding");
      if (type == "sBIT" && size >= 1) {
        const std::size_t channels =
            std::min<std::size_t>(size, (header.color_type & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1);
        header.significant_bits = *std::max_element(content, content + channels);
      }
    }
  };
  header.end = walk_chunks(bytes, false, visit, [&](std::string_view type) {
    if (first) throw ImageError("the PNG is damaged: its header is not where it belongs");
    data_ended = header.data_chunks > 0;
    header.damaged_text = type;
  });
  if (header.data_chunks == 0) throw ImageError("the PNG has no picture data");
  return header;
}

// One worker, one call at a time, but several workers of one process: a decompressor for each thread.
libdeflate_decompressor* decompressor() {
  struct Free {
    void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
  };
  thread_local std::unique_ptr<libdeflate_decompressor, Free> instance(libdeflate_alloc_decompressor());
  if (!instance) throw std::bad_alloc();
  return instance.get();
}

// The zlib stream's frame is read here (RFC 1950), so that its checksum can be taken row by row, when each is in the
// cache anyway. Returns the checksum that the stream has at its end.
std::uint32_t inflate(std::span<const std::uint8_t> zlib, std::uint8_t* out, std::size_t out_bytes) {
  constexpr std::size_t kHeadBytes = 2, kChecksumBytes = 4;
  constexpr unsigned kDeflate = 8, kLargestWindow = 7, kDictionary = 0x20;
  const auto fail = [] { throw ImageError("the PNG is damaged: its picture data cannot be unpacked"); };
  if (zlib.size() < kHeadBytes + kChecksumBytes) fail();
  const unsigned method = zlib[0], flags = zlib[1];
  if ((method * 256 + flags) % 31 != 0 || method % 16 != kDeflate || method / 16 > kLargestWindow ||
      (flags & kDictionary) != 0) {
    fail();
  }
  std::size_t used = 0;
  // Without a place for the size, anything but exactly `out_bytes` is an error.
  if (libdeflate_deflate_decompress_ex(decompressor(), &zlib[kHeadBytes], zlib.size() - kHeadBytes - kChecksumBytes,
                                       out, out_bytes, &used, nullptr) != LIBDEFLATE_SUCCESS) {
    fail();
  }
  return big_endian_32(&zlib[kHeadBytes + used]);
}

// The picture data in one piece.
std::span<const std::uint8_t> joined_data(std::span<const std::uint8_t> bytes, const PngHeader& header,
                                          Scratch& memory) {
  if (header.data_chunks == 1) return bytes.subspan(header.first_data, header.data_bytes);
  std::uint8_t* const joined = memory.get(header.data_bytes);
  std::size_t have = 0;
  const auto join = [&](std::string_view type, const std::uint8_t* content, std::size_t size) {
    if (type != "IDAT") return;
    std::memcpy(joined + have, content, size);
    have += size;
  };
  walk_chunks(bytes, true, join, [](std::string_view) {});
  return {joined, have};
}

// Rows come with a byte for their filter in front of each. They are finished where they lie and moved up by those bytes
// on the way: what is written never reaches what is still to be read. With alpha in them they are finished elsewhere.
void decode_plain(std::span<const std::uint8_t> bytes, const PngHeader& header, int png_channels, PixelTarget& target,
                  Scratch& packed_memory, Scratch& inflated_memory) {
  const std::size_t row_bytes = static_cast<std::size_t>(header.width) * static_cast<std::size_t>(png_channels);
  const auto rows = static_cast<std::size_t>(header.height);
  const std::size_t inflated_bytes = (row_bytes + 1) * rows;
  const int channels = png_channels < 3 ? 1 : 3;
  const bool alpha = channels != png_channels;

  const std::span<const std::uint8_t> packed = joined_data(bytes, header, packed_memory);
  std::uint8_t* const pixels = target.allocate(header.width, header.height, channels, alpha ? 0 : header.height);
  std::uint8_t* const inflated = alpha ? inflated_memory.get(inflated_bytes) : pixels;
  const std::uint32_t checksum = inflate(packed, inflated, inflated_bytes);

  std::uint32_t sum = 1;
  const std::uint8_t* above = nullptr;  // of the first row
  std::uint8_t* to = pixels;
  for (std::size_t y = 0; y < rows; ++y) {
    std::uint8_t* const filtered = inflated + y * (row_bytes + 1);
    std::uint8_t* const row = alpha ? filtered + 1 : pixels + y * row_bytes;
    sum = libdeflate_adler32(sum, filtered, row_bytes + 1);
    if (!unfilter_png_row(filtered[0], filtered + 1, above, row, row_bytes, png_channels)) {
      throw ImageError("the PNG is damaged: a row has an unknown filter");
    }
    above = row;
    if (!alpha) continue;
    if (channels == 1) {
      for (std::size_t x = 0; x < row_bytes; x += 2) *to++ = row[x];
    } else {
      for (std::size_t x = 0; x < row_bytes; x += 4, to += 3) {
        to[0] = row[x];
        to[1] = row[x + 1];
        to[2] = row[x + 2];
      }
    }
  }
  if (sum != checksum) throw ImageError("the PNG is damaged: the checksum of its picture data is wrong");
}

// --- libpng

struct LibpngReader {
  std::span<const std::uint8_t> rest;
  std::string error;
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  static_cast<LibpngReader*>(png_get_error_ptr(png))->error = message;
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep to, std::size_t size) {
  auto& reader = *static_cast<LibpngReader*>(png_get_io_ptr(png));
  if (size > reader.rest.size()) png_error(png, "truncated");
  std::memcpy(to, reader.rest.data(), size);
  reader.rest = reader.rest.subspan(size);
}

// Between setjmp and longjmp no object with a destructor may come to life: the steps are separate functions that
// hold plain values only.
bool start(png_structp png, png_infop info, LibpngReader& reader) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;  // NOLINT(cert-err52-cpp): libpng has no other way
  png_set_read_fn(png, &reader, on_read);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // the size has been checked
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
  // Ancillary chunks say nothing that changes the stored pixels.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_set_benign_errors(png, 0);
  png_read_info(png, info);
  if (std::endian::native == std::endian::little) png_set_swap(png);
  png_set_palette_to_rgb(png);
  if (png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return true;
}

bool read_rows(png_structp png, std::uint8_t* pixels, std::size_t row_bytes, std::int64_t rows, bool interlaced) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;  // NOLINT(cert-err52-cpp)
  for (int pass = 0; pass < (interlaced ? 7 : 1); ++pass) {
    for (std::int64_t y = 0; y < rows; ++y) {
      png_read_row(png, pixels + static_cast<std::size_t>(y) * row_bytes, nullptr);
    }
  }
  png_read_end(png, nullptr);
  return true;
}

void decode_with_libpng(std::span<const std::uint8_t> bytes, const PngHeader& header, Decoding& decoding) {
  struct Png {
    png_structp png = nullptr;
    png_infop info = nullptr;
    ~Png() { png_destroy_read_struct(&png, &info, nullptr); }
  };
  LibpngReader reader{bytes.first(header.end), {}};
  Png png;
  png.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
  if (png.png == nullptr) throw std::bad_alloc();
  png.info = png_create_info_struct(png.png);
  if (png.info == nullptr) throw std::bad_alloc();
  if (!start(png.png, png.info, reader)) throw ImageError("the PNG is damaged: " + reader.error);

  const int channels = png_get_channels(png.png, png.info);
  const int depth = png_get_bit_depth(png.png, png.info);
  if ((channels != 1 && channels != 3) || (depth != 8 && depth != 16))
    throw ImageError("the PNG has an unknown coding");
  const std::size_t row_bytes =
      static_cast<std::size_t>(header.width) * static_cast<std::size_t>(channels) * static_cast<std::size_t>(depth / 8);
  // What an interlaced picture's later passes fill in is not read before; a damaged one is not given out at all.
  if (png_get_rowbytes(png.png, png.info) != row_bytes) throw ImageError("the PNG has an unknown coding");
  const bool wide = depth == 16;
  std::uint8_t* const rows = wide ? decoding.memory.wide.get(row_bytes * static_cast<std::size_t>(header.height))
                                  : decoding.target.allocate(header.width, header.height, channels);
  if (!read_rows(png.png, rows, row_bytes, header.height, header.interlaced)) {
    throw ImageError("the PNG is damaged: " + reader.error);
  }
  if (!wide) return;
  ValueFacts known;
  known.bits = 16;
  if (header.significant_bits > 0 && header.significant_bits < 16) {
    known.stated = {0, static_cast<double>((1 << header.significant_bits) - 1)};
    known.stated_by = "sBIT";
  }
  finish_wide(decoding, reinterpret_cast<const std::uint16_t*>(rows), header.width, header.height, channels, known,
              false);
}

}  // namespace

void decode_png(std::span<const std::uint8_t> bytes, Decoding& decoding) {
  const PngHeader header = read_header(bytes);
  if (!header.damaged_text.empty()) {
    decoding.facts.notes.push_back("the PNG's " + header.damaged_text + " chunk is damaged; no pixel depends on it");
  }
  decoding.target.check_size(header.width, header.height);
  int channels = 0;
  switch (header.color_type) {
    case PNG_COLOR_TYPE_GRAY:
    case PNG_COLOR_TYPE_PALETTE:
      channels = 1;
      break;
    case PNG_COLOR_TYPE_RGB:
      channels = 3;
      break;
    case PNG_COLOR_TYPE_GRAY_ALPHA:
      channels = 2;
      break;
    case PNG_COLOR_TYPE_RGB_ALPHA:
      channels = 4;
      break;
    default:
      throw ImageError("the PNG has an unknown coding");
  }
  const std::uint64_t least_bytes =
      (static_cast<std::uint64_t>(header.width) * static_cast<std::uint64_t>(channels * header.bit_depth) / 8 + 1) *
      static_cast<std::uint64_t>(header.height);
  if (header.data_bytes < least_bytes / kMaxInflation) {
    throw ImageError("the PNG is damaged: it holds too little data for its size");
  }
  if (header.bit_depth == 8 && !header.interlaced && header.color_type != PNG_COLOR_TYPE_PALETTE) {
    decode_plain(bytes, header, channels, decoding.target, decoding.memory.packed, decoding.memory.inflated);
  } else {
    decode_with_libpng(bytes, header, decoding);
  }
}

}  // namespace capillaryx
