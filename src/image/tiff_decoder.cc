// SPDX-License-Identifier: Apache-2.0
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "image/tiff_pixels.h"

namespace capillaryx {
namespace {

// What libtiff may ask for at once; tables of tags and a strip that is not mapped. Pixels are not part of it.
constexpr tmsize_t kMaxTiffMemoryBytes = 256 << 20;

// What libtiff reads from, and the first thing that it found wrong.
struct TiffInput {
  const ByteSource* source;
  std::uint64_t at = 0;
  std::string error;
};

TiffInput& input_of(thandle_t handle) { return *static_cast<TiffInput*>(handle); }

// libtiff is C: no exception may pass through it.
tmsize_t on_read(thandle_t handle, void* to, tmsize_t size) {
  TiffInput& input = input_of(handle);
  if (size <= 0) return 0;
  try {
    const std::size_t count =
        input.source->read(input.at, static_cast<std::uint8_t*>(to), static_cast<std::size_t>(size));
    input.at += count;
    return static_cast<tmsize_t>(count);
  } catch (const std::exception& exception) {
    if (input.error.empty()) input.error = exception.what();
    return -1;
  }
}

tmsize_t on_write(thandle_t, void*, tmsize_t) { return -1; }

toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
  TiffInput& input = input_of(handle);
  if (whence == SEEK_CUR) offset += input.at;
  if (whence == SEEK_END) offset += input.source->size();
  input.at = offset;
  return offset;
}

int on_close(thandle_t) { return 0; }
toff_t on_size(thandle_t handle) { return input_of(handle).source->size(); }

// Memory only: a mapped file that becomes shorter ends the process.
int on_map(thandle_t handle, void** base, toff_t* size) {
  const std::span<const std::uint8_t> memory = input_of(handle).source->memory();
  if (memory.empty()) return 0;
  *base = const_cast<std::uint8_t*>(memory.data());  // opened for reading: libtiff does not write to it
  *size = memory.size();
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
  std::uint16_t format = SAMPLEFORMAT_UINT;
  std::uint16_t photometric = 0;
  int channels = 0;       ///< that are read
  bool separate = false;  ///< each sample in its own plane
  bool tiled = false;
  std::uint32_t block_width = 0;
  std::uint32_t block_height = 0;
  std::array<std::uint16_t*, 3> palette{};

  bool eight_bits() const { return photometric == PHOTOMETRIC_PALETTE || (bits == 8 && format == SAMPLEFORMAT_UINT); }
  bool inverted() const { return photometric == PHOTOMETRIC_MINISWHITE; }
  std::size_t samples_in_block() const { return separate ? 1 : samples; }
  std::size_t row_bytes() const { return (std::size_t{block_width} * samples_in_block() * bits + 7) / 8; }
  NumberKind kind() const {
    if (format == SAMPLEFORMAT_IEEEFP) return NumberKind::kFloat;
    return format == SAMPLEFORMAT_INT ? NumberKind::kSigned : NumberKind::kUnsigned;
  }
};

void check_values(const Layout& layout) {
  static constexpr std::array<int, 6> kUnsigned = {8, 10, 12, 14, 16, 32};
  static constexpr std::array<int, 3> kSigned = {8, 16, 32};
  static constexpr std::array<int, 3> kFloat = {16, 32, 64};
  const auto one_of = [&](const auto& sizes) {
    return std::find(sizes.begin(), sizes.end(), int{layout.bits}) != sizes.end();
  };
  const std::string bits = std::to_string(layout.bits);
  switch (layout.format) {
    case SAMPLEFORMAT_UINT:
      if (one_of(kUnsigned)) return;
      throw ImageError("the TIFF has " + bits + "-bit values; 8, 10, 12, 14, 16 and 32 bits are supported");
    case SAMPLEFORMAT_INT:
      if (one_of(kSigned)) return;
      throw ImageError("the TIFF has signed " + bits + "-bit values; 8, 16 and 32 bits are supported");
    case SAMPLEFORMAT_IEEEFP:
      if (one_of(kFloat)) return;
      throw ImageError("the TIFF has " + bits + "-bit floating-point values; 16, 32 and 64 bits are supported");
    default:
      throw ImageError("the TIFF has complex values, which are no picture; save its magnitude as a 32-bit TIFF");
  }
}

void choose_channels(TIFF* tiff, Layout& layout, ImageFacts& facts) {
  layout.channels = layout.photometric == PHOTOMETRIC_RGB || layout.photometric == PHOTOMETRIC_PALETTE ? 3 : 1;
  const bool grey = layout.channels == 1;
  if (!grey || layout.samples < 2) return;
  std::uint16_t extra_count = 0;
  std::uint16_t* extra = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra) == 1 && extra_count > 0 &&
      extra[0] != EXTRASAMPLE_UNSPECIFIED) {
    return;  // grey and alpha
  }
  if (layout.samples == 2 || layout.inverted()) {
    facts.notes.emplace_back("the first of " + std::to_string(layout.samples) + " channels was read");
    return;
  }
  layout.channels = 3;
  facts.notes.emplace_back(layout.samples == 3 ? "3 channels are read as red, green and blue"
                                               : "the first 3 of " + std::to_string(layout.samples) +
                                                     " channels are read as red, green and blue");
}

Layout read_layout(TIFF* tiff, Decoding& decoding) {
  Layout layout;
  layout.width = tag<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH, 0);
  layout.height = tag<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH, 0);
  decoding.target.check_size(layout.width, layout.height);
  layout.bits = tag<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  layout.samples = tag<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  layout.format = tag<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  if (layout.format == SAMPLEFORMAT_VOID) layout.format = SAMPLEFORMAT_UINT;
  check_values(layout);
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
      if ((layout.bits != 8 && layout.bits != 16) || layout.format != SAMPLEFORMAT_UINT) {
        throw ImageError("the TIFF is damaged: its palette does not fit its values");
      }
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
  choose_channels(tiff, layout, decoding.facts);
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

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half & 0x8000U} << 16U, exponent = (half >> 10U) & 31U;
  const float fraction = static_cast<float>(half & 0x3FFU) / 1024;
  if (exponent == 31) return std::numeric_limits<float>::quiet_NaN();  // infinite ones are refused alike
  const float value =
      exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, static_cast<int>(exponent) - 15);
  return sign != 0 ? -value : value;
}

// Values of one kind, `step` values from each other.
template <class Stored, class Convert>
void convert(const std::uint8_t* from, std::size_t first, std::size_t step, std::size_t count, std::size_t to_step,
             float* to, Convert&& to_float) {
  for (std::size_t i = 0; i < count; ++i) {
    Stored stored;  // libtiff gives the machine's byte order
    std::memcpy(&stored, from + (first + i * step) * sizeof stored, sizeof stored);
    to[i * to_step] = to_float(stored);
  }
}

// `count` values of a block's row from `first` on, `step` apart.
void to_floats(const Layout& layout, const std::uint8_t* from, std::size_t first, std::size_t step, std::size_t count,
               std::size_t to_step, float* to) {
  const auto plain = [](auto value) { return static_cast<float>(value); };
  if (layout.format == SAMPLEFORMAT_IEEEFP) {
    if (layout.bits == 16) return convert<std::uint16_t>(from, first, step, count, to_step, to, half_to_float);
    if (layout.bits == 32) return convert<float>(from, first, step, count, to_step, to, plain);
    return convert<double>(from, first, step, count, to_step, to, plain);
  }
  if (layout.format == SAMPLEFORMAT_INT) {
    if (layout.bits == 8) return convert<std::int8_t>(from, first, step, count, to_step, to, plain);
    if (layout.bits == 16) return convert<std::int16_t>(from, first, step, count, to_step, to, plain);
    return convert<std::int32_t>(from, first, step, count, to_step, to, plain);
  }
  if (layout.bits == 8) return convert<std::uint8_t>(from, first, step, count, to_step, to, plain);
  if (layout.bits == 16) return convert<std::uint16_t>(from, first, step, count, to_step, to, plain);
  if (layout.bits == 32) return convert<std::uint32_t>(from, first, step, count, to_step, to, plain);
  for (std::size_t i = 0; i < count; ++i) {  // packed, the first value in the highest bits
    std::uint32_t value = 0;
    const std::size_t bit = (first + i * step) * layout.bits;
    for (std::size_t b = bit; b < bit + layout.bits; ++b) value = value << 1U | ((from[b / 8] >> (7 - b % 8)) & 1U);
    to[i * to_step] = static_cast<float>(value);
  }
}

// Where the rows of a picture's planes go: 8-bit pixels, or values that are scaled at the end.
class Rows {
 public:
  Rows(const Layout& layout, int channels, const TiffReading& reading, Decoding& decoding)
      : layout_(layout),
        channels_(static_cast<std::size_t>(channels)),
        offset_(static_cast<float>(reading.value_offset)) {
    const std::size_t count = std::size_t{layout.width} * layout.height * channels_;
    if (!layout.eight_bits()) {
      values_ = reinterpret_cast<float*>(decoding.memory.wide.get(count * sizeof(float)));
      if (channels == 3) std::fill(values_, values_ + count, 0.0F);
    } else if (decoding.survey == nullptr) {
      pixels_ = decoding.target.allocate(layout.width, layout.height, channels);
      if (channels == 3) std::fill(pixels_, pixels_ + count, std::uint8_t{0});
    }
  }

  // `count` pixels from (left, y) on. `channel`: where the only sample that is read goes; -1: all samples of a pixel.
  void put(const Layout& layout, const std::uint8_t* from, std::size_t y, std::size_t left, std::size_t count,
           int channel) {
    const std::size_t step = layout.samples_in_block();
    const std::size_t begin = channel < 0 ? 0 : static_cast<std::size_t>(channel);
    const std::size_t end = channel < 0 ? channels_ : begin + 1;
    const std::size_t place = (y * layout_.width + left) * channels_;
    if (values_ != nullptr) {
      for (std::size_t c = begin; c < end; ++c) {
        to_floats(layout, from, channel < 0 ? c : 0, step, count, channels_, values_ + place + c);
      }
      if (offset_ == 0) return;
      for (std::size_t x = 0; x < count; ++x) {
        for (std::size_t c = begin; c < end; ++c) values_[place + x * channels_ + c] += offset_;
      }
      return;
    }
    if (pixels_ == nullptr) return;
    std::uint8_t* const to = pixels_ + place;
    if (layout.photometric == PHOTOMETRIC_PALETTE) {
      for (std::size_t x = 0; x < count; ++x) {
        std::uint16_t index = from[x * step];
        if (layout.bits == 16) std::memcpy(&index, from + 2 * x * step, sizeof index);
        for (std::size_t c = 0; c < 3; ++c) to[3 * x + c] = scale_16_to_8(layout.palette[c][index]);
      }
      return;
    }
    const std::uint8_t flip = layout.inverted() ? 255 : 0;
    for (std::size_t c = begin; c < end; ++c) {
      const std::uint8_t* const sample = from + (channel < 0 ? c : 0);
      for (std::size_t x = 0; x < count; ++x) to[x * channels_ + c] = sample[x * step] ^ flip;
    }
  }

  const float* values() const { return values_; }

 private:
  Layout layout_;
  std::size_t channels_;
  float offset_;
  float* values_ = nullptr;
  std::uint8_t* pixels_ = nullptr;
};

class PlaneReader {
 public:
  PlaneReader(const ByteSource& source, const TiffPlane& plane, Decoding& decoding)
      : source_(&source), plane_(plane), input_{&source, 0, {}} {
    tiff_ = open(input_);
    if (!tiff_ || TIFFSetSubDirectory(tiff_.get(), plane.directory) != 1) fail();
    input_.error.clear();  // of the first directory, which may be another
    layout_ = read_layout(tiff_.get(), decoding);
    decoding.target.check_size(layout_.block_width, layout_.block_height);
  }

  const Layout& layout() const { return layout_; }

  // `channel`: see Rows::put.
  void read(Rows& rows, int channel, const TiffReading& reading) {
    if (plane_.raw_data) {
      read_raw(rows, channel, reading.big_endian);
    } else {
      read_blocks(rows, channel);
    }
  }

 private:
  [[noreturn]] void fail() const {
    throw ImageError("the TIFF is damaged, truncated or not supported: " +
                     (input_.error.empty() ? std::string("it cannot be read") : input_.error));
  }

  void read_raw(Rows& rows, int channel, bool big_endian) {
    const std::size_t row_bytes = std::size_t{layout_.width} * layout_.samples * layout_.bits / 8;
    const std::size_t value_bytes = layout_.bits / 8U;
    if (layout_.separate || layout_.bits % 8 != 0) fail();
    std::vector<std::uint8_t> row(row_bytes);
    for (std::uint32_t y = 0; y < layout_.height; ++y) {
      if (source_->read(*plane_.raw_data + std::uint64_t{y} * row_bytes, row.data(), row_bytes) != row_bytes) {
        throw ImageError("the TIFF is truncated");
      }
      if (big_endian == (std::endian::native == std::endian::little)) {
        for (std::size_t i = 0; i < row_bytes; i += value_bytes) std::reverse(&row[i], &row[i] + value_bytes);
      }
      rows.put(layout_, row.data(), y, 0, layout_.width, channel);
    }
  }

  void read_blocks(Rows& rows, int channel) {
    // Before memory is asked for: what a block decodes to is bounded by the picture (or by one tile a little larger).
    const tmsize_t block_bytes = layout_.tiled ? TIFFTileSize(tiff_.get()) : TIFFStripSize(tiff_.get());
    const std::size_t row_bytes = layout_.row_bytes();
    if (block_bytes <= 0 ||
        static_cast<std::uint64_t>(block_bytes) != std::uint64_t{row_bytes} * layout_.block_height) {
      fail();
    }
    if (!TIFFIsCODECConfigured(tag<std::uint16_t>(tiff_.get(), TIFFTAG_COMPRESSION, COMPRESSION_NONE))) {
      throw ImageError("the TIFF has a compression that is not supported");
    }
    std::vector<std::uint8_t> block(static_cast<std::size_t>(block_bytes));
    const int planes = layout_.separate ? layout_.channels : 1;
    for (int plane = 0; plane < planes; ++plane) {
      const auto sample = static_cast<std::uint16_t>(plane);
      for (std::uint32_t top = 0; top < layout_.height; top += layout_.block_height) {
        const std::uint32_t count = std::min(layout_.block_height, layout_.height - top);
        for (std::uint32_t left = 0; left < layout_.width; left += layout_.block_width) {
          const std::uint32_t columns = std::min(layout_.block_width, layout_.width - left);
          const auto need = static_cast<tmsize_t>(row_bytes * (layout_.tiled ? layout_.block_height : count));
          const tmsize_t got =
              layout_.tiled
                  ? TIFFReadEncodedTile(tiff_.get(), TIFFComputeTile(tiff_.get(), left, top, 0, sample), block.data(),
                                        need)
                  : TIFFReadEncodedStrip(tiff_.get(), TIFFComputeStrip(tiff_.get(), top, sample), block.data(), need);
          // A codec may report an error and go on with what it has.
          if (got != need || !input_.error.empty()) fail();
          for (std::uint32_t y = 0; y < count; ++y) {
            rows.put(layout_, &block[y * row_bytes], top + y, left, columns, layout_.separate ? plane : channel);
          }
        }
      }
    }
  }

  const ByteSource* source_;
  TiffPlane plane_;
  TiffInput input_;
  Tiff tiff_;
  Layout layout_;
};

}  // namespace

void decode_tiff_planes(const ByteSource& source, std::span<const TiffPlane> planes, const TiffReading& reading,
                        Decoding& decoding) {
  std::optional<PlaneReader> reader(std::in_place, source, planes[0], decoding);
  const Layout layout = reader->layout();
  if (planes.size() > 1 && layout.channels != 1) throw ImageError("the TIFF's channels are not grey");
  const int channels = planes.size() > 1 ? 3 : layout.channels;
  Rows rows(layout, channels, reading, decoding);
  if (layout.eight_bits() && decoding.survey != nullptr) return;
  for (std::size_t i = 0; i < planes.size(); ++i) {
    if (i > 0) {
      reader.emplace(source, planes[i], decoding);
      const Layout& other = reader->layout();
      if (other.width != layout.width || other.height != layout.height || other.bits != layout.bits ||
          other.format != layout.format || other.channels != 1 || other.photometric != layout.photometric) {
        throw ImageError("the TIFF's channels differ in their form");
      }
    }
    const bool several_samples = planes.size() == 1 && channels == 3;
    reader->read(rows, several_samples ? -1 : static_cast<int>(i), reading);
  }
  if (rows.values() == nullptr) return;
  ValueFacts known = reading.known;
  known.kind = layout.kind();
  known.bits = layout.bits;
  if (!known.stated && layout.bits % 8 != 0) {
    known.stated = {0, std::ldexp(1.0, layout.bits) - 1};
    known.stated_by = "BitsPerSample";
    known.display = true;
  }
  finish_wide(decoding, rows.values(), layout.width, layout.height, channels, known, layout.inverted());
}

}  // namespace capillaryx
