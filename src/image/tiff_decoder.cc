// SPDX-License-Identifier: Apache-2.0
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "image/decoders.h"

namespace capillaryx {
namespace {

// What libtiff may ask for at once; tables of tags and a strip that is not mapped. Pixels are not part of it.
constexpr tmsize_t kMaxTiffMemoryBytes = 256 << 20;

// What libtiff reads from, and the first thing that it found wrong.
struct TiffInput {
  std::span<const std::uint8_t> bytes;
  std::uint64_t at = 0;
  std::string error;
};

TiffInput& input_of(thandle_t handle) { return *static_cast<TiffInput*>(handle); }

tmsize_t on_read(thandle_t handle, void* to, tmsize_t size) {
  TiffInput& input = input_of(handle);
  if (size <= 0 || input.at >= input.bytes.size()) return 0;
  const std::size_t count = std::min(static_cast<std::size_t>(size), input.bytes.size() - input.at);
  std::memcpy(to, &input.bytes[input.at], count);
  input.at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t on_write(thandle_t, void*, tmsize_t) { return -1; }

toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
  TiffInput& input = input_of(handle);
  if (whence == SEEK_CUR) offset += input.at;
  if (whence == SEEK_END) offset += input.bytes.size();
  input.at = offset;
  return offset;
}

int on_close(thandle_t) { return 0; }
toff_t on_size(thandle_t handle) { return input_of(handle).bytes.size(); }

int on_map(thandle_t handle, void** base, toff_t* size) {
  const TiffInput& input = input_of(handle);
  *base = const_cast<std::uint8_t*>(input.bytes.data());  // opened for reading: libtiff does not write to it
  *size = input.bytes.size();
  return 1;
}

void on_unmap(thandle_t, void*, toff_t) {}

int on_error(TIFF*, void* user, const char* /*module*/, const char* format, va_list arguments) {
  auto& input = *static_cast<TiffInput*>(user);
  if (!input.error.empty()) return 1;
  std::array<char, 256> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  input.error = text.data();
  return 1;
}

// libjpeg inside libtiff only warns where data are missing; other warnings are of tags that do not matter.
int on_warning(TIFF* tiff, void* user, const char* module, const char* format, va_list arguments) {
  if (module != nullptr && std::strcmp(module, "JPEGLib") == 0) return on_error(tiff, user, module, format, arguments);
  return 1;
}

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, Close>;

Tiff open(TiffInput& input) {
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             TIFFOpenOptionsFree);
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMaxTiffMemoryBytes);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &input);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, &input);
  return Tiff(TIFFClientOpenExt("TIFF", "r", &input, on_read, on_write, on_seek, on_close, on_size, on_map, on_unmap,
                                options.get()));
}

template <class Value>
Value tag(TIFF* tiff, std::uint32_t name, Value fallback) {
  Value value = fallback;
  return TIFFGetFieldDefaulted(tiff, name, &value) == 1 ? value : fallback;
}

// How a page keeps its pixels.
struct Layout {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint16_t bits = 0;
  std::uint16_t samples = 0;  ///< of a pixel, alpha included
  std::uint16_t photometric = 0;
  bool separate = false;  ///< each sample in a plane of its own
  bool tiled = false;
  std::uint32_t block_width = 0;
  std::uint32_t block_height = 0;
  std::array<std::uint16_t*, 3> palette{};

  int channels() const {
    return photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE ? 1 : 3;
  }
  std::size_t samples_in_block() const { return separate ? 1 : samples; }
};

Layout read_layout(TIFF* tiff, const PixelTarget& target) {
  Layout layout;
  layout.width = tag<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH, 0);
  layout.height = tag<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH, 0);
  target.check_size(layout.width, layout.height);
  layout.bits = tag<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  layout.samples = tag<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  const auto sample_format = tag<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  if ((layout.bits != 8 && layout.bits != 16) || sample_format != SAMPLEFORMAT_UINT) {
    throw ImageError("the TIFF has " + std::to_string(layout.bits) +
                     " bits a channel or values that are not whole numbers; 8 and 16 bits are supported");
  }
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout.photometric) != 1) {
    throw ImageError("the TIFF does not say what its values mean");
  }
  if (layout.photometric == PHOTOMETRIC_YCBCR && tag<std::uint16_t>(tiff, TIFFTAG_COMPRESSION, 0) == COMPRESSION_JPEG) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    layout.photometric = PHOTOMETRIC_RGB;
  }
  switch (layout.photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_RGB:
      break;
    case PHOTOMETRIC_PALETTE:
      if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &layout.palette[0], &layout.palette[1], &layout.palette[2]) != 1) {
        throw ImageError("the TIFF is damaged: its palette is missing");
      }
      break;
    default:
      throw ImageError("the TIFF is neither grey, RGB nor of a palette; other colour spaces are not supported");
  }
  const int needed = layout.photometric == PHOTOMETRIC_RGB ? 3 : 1;
  if (layout.samples < needed || layout.samples > 64) throw ImageError("the TIFF is damaged: it lacks channels");
  layout.separate = layout.samples > 1 &&
                    tag<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  layout.tiled = TIFFIsTiled(tiff) != 0;
  if (layout.tiled) {
    layout.block_width = tag<std::uint32_t>(tiff, TIFFTAG_TILEWIDTH, 0);
    layout.block_height = tag<std::uint32_t>(tiff, TIFFTAG_TILELENGTH, 0);
  } else {
    layout.block_width = layout.width;
    layout.block_height = std::min(
        layout.height, tag<std::uint32_t>(tiff, TIFFTAG_ROWSPERSTRIP, std::numeric_limits<std::uint32_t>::max()));
  }
  if (layout.block_width == 0 || layout.block_height == 0) throw ImageError("the TIFF is damaged: an empty block");
  return layout;
}

// Copies `count` pixels of a block's row; `channel` is -1 where the block holds all channels of a pixel.
void copy_row(const Layout& layout, const std::uint8_t* from, std::size_t count, int channel, std::uint8_t* to) {
  const auto channels = static_cast<std::size_t>(layout.channels());
  const std::size_t step = layout.samples_in_block();
  const auto value = [&](std::size_t index) -> std::uint32_t {
    if (layout.bits == 8) return from[index];
    std::uint16_t wide = 0;  // libtiff gives the machine's byte order
    std::memcpy(&wide, from + 2 * index, sizeof wide);
    return wide;
  };
  const auto value_8 = [&](std::size_t index) -> std::uint8_t {
    return layout.bits == 8 ? from[index] : scale_16_to_8(value(index));
  };
  for (std::size_t x = 0; x < count; ++x) {
    if (layout.photometric == PHOTOMETRIC_PALETTE) {
      for (std::size_t c = 0; c < 3; ++c) to[3 * x + c] = scale_16_to_8(layout.palette[c][value(x * step)]);
    } else if (layout.photometric == PHOTOMETRIC_MINISWHITE) {
      to[x] = static_cast<std::uint8_t>(255 - value_8(x * step));
    } else if (channel >= 0) {
      to[x * channels + static_cast<std::size_t>(channel)] = value_8(x);
    } else {
      for (std::size_t c = 0; c < channels; ++c) to[x * channels + c] = value_8(x * step + c);
    }
  }
}

}  // namespace

// Of a file with several pages the first is read: the others are often a smaller copy or a mask.
void decode_tiff(std::span<const std::uint8_t> bytes, PixelTarget& target) {
  TiffInput input{bytes, 0, {}};
  const auto fail = [&] {
    throw ImageError("the TIFF is damaged, cut short or not supported: " +
                     (input.error.empty() ? std::string("it cannot be read") : input.error));
  };
  const Tiff tiff = open(input);
  if (!tiff) fail();
  const Layout layout = read_layout(tiff.get(), target);

  // Before memory is asked for: what a block decodes to is bounded by the picture (or by one tile a little larger).
  const tmsize_t block_bytes = layout.tiled ? TIFFTileSize(tiff.get()) : TIFFStripSize(tiff.get());
  const std::uint64_t row_values = std::uint64_t{layout.block_width} * layout.samples_in_block();
  const std::uint64_t expected = row_values * layout.block_height * (layout.bits / 8U);
  target.check_size(layout.block_width, layout.block_height);
  if (block_bytes <= 0 || static_cast<std::uint64_t>(block_bytes) != expected) fail();
  if (!TIFFIsCODECConfigured(tag<std::uint16_t>(tiff.get(), TIFFTAG_COMPRESSION, COMPRESSION_NONE))) {
    throw ImageError("the TIFF has a compression that is not supported");
  }

  std::vector<std::uint8_t> block(static_cast<std::size_t>(block_bytes));
  std::uint8_t* const pixels = target.allocate(layout.width, layout.height, layout.channels());
  const std::size_t stride = std::size_t{layout.width} * static_cast<std::size_t>(layout.channels());
  const std::size_t block_row_bytes = static_cast<std::size_t>(row_values) * (layout.bits / 8U);
  const int planes = layout.separate ? layout.channels() : 1;
  for (int plane = 0; plane < planes; ++plane) {
    const auto sample = static_cast<std::uint16_t>(plane);
    for (std::uint32_t top = 0; top < layout.height; top += layout.block_height) {
      const std::uint32_t rows = std::min(layout.block_height, layout.height - top);
      for (std::uint32_t left = 0; left < layout.width; left += layout.block_width) {
        const std::uint32_t columns = std::min(layout.block_width, layout.width - left);
        const auto need = static_cast<tmsize_t>(block_row_bytes * (layout.tiled ? layout.block_height : rows));
        const tmsize_t got =
            layout.tiled
                ? TIFFReadEncodedTile(tiff.get(), TIFFComputeTile(tiff.get(), left, top, 0, sample), block.data(), need)
                : TIFFReadEncodedStrip(tiff.get(), TIFFComputeStrip(tiff.get(), top, sample), block.data(), need);
        // A codec may report an error and go on with what it has.
        if (got != need || !input.error.empty()) fail();
        for (std::uint32_t y = 0; y < rows; ++y) {
          copy_row(layout, &block[y * block_row_bytes], columns, layout.separate ? plane : -1,
                   pixels + (top + y) * stride + std::size_t{left} * static_cast<std::size_t>(layout.channels()));
        }
      }
    }
  }
}

}  // namespace capillaryx
