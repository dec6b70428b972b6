// SPDX-License-Identifier: Apache-2.0
// Pictures for tests, written by the libraries that own the formats.
#pragma once

#include <png.h>
#include <tiffio.h>
#include <webp/encode.h>

#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "capillaryx/frame.h"

namespace capillaryx::test {

using Bytes = std::vector<std::uint8_t>;

/// Interleaved values, 8 bits in `bytes`.
struct Picture {
  int width = 0;
  int height = 0;
  int channels = 0;
  Bytes bytes;

  PixelView view() const { return {bytes.data(), width, height, channels, std::ptrdiff_t{width} * channels}; }
};

/// Every value differs from its neighbours; the same for the same arguments.
inline Picture draw_picture(int width, int height, int channels, std::uint32_t seed = 1) {
  Picture picture{width, height, channels, {}};
  std::uint32_t random = seed;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        random = random * 1664525U + 1013904223U;
        picture.bytes.push_back(static_cast<std::uint8_t>(3 * x + 5 * y + 60 * c + static_cast<int>(random >> 27U)));
      }
    }
  }
  return picture;
}

/// `rows` of raw PNG bytes (any depth), through libpng. `filter`: 0..4, or -1 for libpng's choice.
struct PngForm {
  int bit_depth = 8;
  int color_type = PNG_COLOR_TYPE_RGB;
  bool interlaced = false;
  int filter = -1;
  bool transparent = false;  ///< adds tRNS
  int level = 6;
};

inline Bytes write_png(int width, int height, const Bytes& raw, const PngForm& form) {
  Bytes out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png)) != 0) throw std::runtime_error("libpng cannot write this form");
  png_set_write_fn(
      png, &out,
      [](png_structp p, png_bytep data, std::size_t size) {
        auto& to = *static_cast<Bytes*>(png_get_io_ptr(p));
        to.insert(to.end(), data, data + size);
      },
      [](png_structp) {});
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), form.bit_depth,
               form.color_type, form.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (form.color_type == PNG_COLOR_TYPE_PALETTE) {
    std::vector<png_color> palette(std::size_t{1} << form.bit_depth);
    for (std::size_t i = 0; i < palette.size(); ++i) {
      palette[i] = {static_cast<png_byte>(255 - i), static_cast<png_byte>(i * 7), static_cast<png_byte>(i * 31)};
    }
    png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  }
  if (form.transparent) {
    png_byte alpha[2] = {0, 128};
    png_color_16 color{};
    png_set_tRNS(png, info, alpha, form.color_type == PNG_COLOR_TYPE_PALETTE ? 2 : 0, &color);
  }
  png_set_compression_level(png, form.level);
  if (form.filter >= 0) png_set_filter(png, 0, PNG_FILTER_NONE << form.filter);
  png_write_info(png, info);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  std::vector<png_bytep> rows;
  for (int y = 0; y < height; ++y) {
    rows.push_back(const_cast<png_bytep>(raw.data() + static_cast<std::size_t>(y) * row_bytes));
  }
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

/// What libpng itself reads: 8-bit grey or RGB by the rules of ImageReader.
inline Picture read_with_libpng(const Bytes& bytes) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png)) != 0) throw std::runtime_error("libpng cannot read this");
  struct Rest {
    const Bytes* bytes;
    std::size_t at;
  } rest{&bytes, 0};
  png_set_read_fn(png, &rest, [](png_structp p, png_bytep to, std::size_t size) {
    auto& from = *static_cast<Rest*>(png_get_io_ptr(p));
    if (size > from.bytes->size() - from.at) png_error(p, "truncated");
    std::memcpy(to, from.bytes->data() + from.at, size);
    from.at += size;
  });
  png_read_png(png, info, PNG_TRANSFORM_SCALE_16 | PNG_TRANSFORM_STRIP_ALPHA | PNG_TRANSFORM_EXPAND, nullptr);
  Picture picture;
  picture.width = static_cast<int>(png_get_image_width(png, info));
  picture.height = static_cast<int>(png_get_image_height(png, info));
  const int stored = png_get_channels(png, info);  // EXPAND made alpha of tRNS after STRIP_ALPHA
  picture.channels = stored < 3 ? 1 : 3;
  png_bytepp rows = png_get_rows(png, info);
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      for (int c = 0; c < picture.channels; ++c) picture.bytes.push_back(rows[y][x * stored + c]);
    }
  }
  png_destroy_read_struct(&png, &info, nullptr);
  return picture;
}

struct TiffForm {
  int bits = 8;
  int samples = 3;
  std::uint16_t photometric = PHOTOMETRIC_RGB;
  std::uint16_t planar = PLANARCONFIG_CONTIG;
  std::uint16_t compression = COMPRESSION_NONE;
  bool tiled = false;
  bool big_endian = false;
};

/// `values` are width x height x samples, of `bits` bits each.
inline Bytes write_tiff(int width, int height, const std::vector<std::uint16_t>& values, const TiffForm& form) {
  std::string path = "/tmp/capillaryx_tiff_XXXXXX";
  const int descriptor = ::mkstemp(path.data());
  TIFF* const tiff = TIFFFdOpen(descriptor, path.c_str(), form.big_endian ? "wb" : "wl");
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, form.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, form.samples);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, form.photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, form.planar);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, form.compression);
  const int colors = form.photometric == PHOTOMETRIC_RGB ? 3 : 1;
  if (form.samples > colors) {
    std::uint16_t extra[] = {EXTRASAMPLE_UNASSALPHA};
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, extra);
  }
  if (form.photometric == PHOTOMETRIC_PALETTE) {
    const std::size_t entries = std::size_t{1} << form.bits;
    std::vector<std::uint16_t> red(entries);
    std::vector<std::uint16_t> green(entries);
    std::vector<std::uint16_t> blue(entries);
    for (std::size_t i = 0; i < entries; ++i) {
      red[i] = static_cast<std::uint16_t>(i * 257);
      green[i] = static_cast<std::uint16_t>((255 - i) * 257);
      blue[i] = static_cast<std::uint16_t>(i * 3 % 256 * 257);
    }
    TIFFSetField(tiff, TIFFTAG_COLORMAP, red.data(), green.data(), blue.data());
  }
  const int planes = form.planar == PLANARCONFIG_SEPARATE ? form.samples : 1;
  const int block_samples = form.planar == PLANARCONFIG_SEPARATE ? 1 : form.samples;
  const int block_width = form.tiled ? 32 : width;
  const int block_height = form.tiled ? 16 : 7;
  if (form.tiled) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, block_width);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, block_height);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, block_height);
  }
  for (int plane = 0; plane < planes; ++plane) {
    for (int top = 0; top < height; top += block_height) {
      for (int left = 0; left < width; left += block_width) {
        Bytes block;
        const int rows = form.tiled ? block_height : std::min(block_height, height - top);
        for (int y = top; y < top + rows; ++y) {
          for (int x = left; x < left + block_width; ++x) {
            for (int s = 0; s < block_samples; ++s) {
              const bool inside = x < width && y < height;
              const int sample = plane + s;
              const std::uint16_t value =
                  inside ? values[static_cast<std::size_t>((y * width + x) * form.samples + sample)] : 0;
              block.push_back(static_cast<std::uint8_t>(value));  // the machine's order: little endian
              if (form.bits == 16) block.push_back(static_cast<std::uint8_t>(value >> 8U));
            }
          }
        }
        if (form.tiled) {
          TIFFWriteEncodedTile(tiff, TIFFComputeTile(tiff, left, top, 0, plane), block.data(), block.size());
        } else {
          TIFFWriteEncodedStrip(tiff, TIFFComputeStrip(tiff, top, plane), block.data(), block.size());
        }
      }
    }
  }
  TIFFClose(tiff);
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  Bytes bytes;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) bytes.push_back(static_cast<std::uint8_t>(c));
  std::fclose(file);
  std::remove(path.c_str());
  return bytes;
}

inline Bytes write_webp_lossless(const Picture& rgba_or_rgb) {
  std::uint8_t* data = nullptr;
  const int stride = rgba_or_rgb.width * rgba_or_rgb.channels;
  const std::size_t size =
      rgba_or_rgb.channels == 4
          ? WebPEncodeLosslessRGBA(rgba_or_rgb.bytes.data(), rgba_or_rgb.width, rgba_or_rgb.height, stride, &data)
          : WebPEncodeLosslessRGB(rgba_or_rgb.bytes.data(), rgba_or_rgb.width, rgba_or_rgb.height, stride, &data);
  Bytes bytes(data, data + size);
  WebPFree(data);
  return bytes;
}

inline void put_little(Bytes& to, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// A BMP of 24 or 32 bits a pixel, or of 8 with a palette of greys.
inline Bytes write_bmp(const Picture& picture, int bits, bool top_down = false) {
  const int colors = bits == 8 ? 256 : 0;
  const int stride = (picture.width * bits + 31) / 32 * 4;
  Bytes bmp = {'B', 'M'};
  put_little(bmp, static_cast<std::uint32_t>(54 + 4 * colors + stride * picture.height), 4);
  put_little(bmp, 0, 4);
  put_little(bmp, static_cast<std::uint32_t>(54 + 4 * colors), 4);
  put_little(bmp, 40, 4);
  put_little(bmp, static_cast<std::uint32_t>(picture.width), 4);
  put_little(bmp, static_cast<std::uint32_t>(top_down ? -picture.height : picture.height), 4);
  put_little(bmp, 1, 2);
  put_little(bmp, static_cast<std::uint32_t>(bits), 2);
  for (int i = 0; i < 6; ++i) put_little(bmp, 0, 4);
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(colors); ++i) put_little(bmp, i * 0x010101U, 4);
  for (int row = 0; row < picture.height; ++row) {
    const int y = top_down ? row : picture.height - 1 - row;
    const std::size_t start = bmp.size();
    for (int x = 0; x < picture.width; ++x) {
      const std::uint8_t* const p = picture.view().row(y) + x * picture.channels;
      if (bits == 8) {
        bmp.push_back(p[0]);
      } else {
        for (int c = 2; c >= 0; --c) bmp.push_back(p[c]);
        if (bits == 32) bmp.push_back(0);
      }
    }
    bmp.resize(start + static_cast<std::size_t>(stride));
  }
  return bmp;
}

}  // namespace capillaryx::test
