// SPDX-License-Identifier: Apache-2.0
// The pixels of a DICOM file.
#include <charls/charls.h>

#include <algorithm>
#include <cmath>

#include "image/dicom_file.h"
#include "image/jpeg_lossless.h"
#include "image/picture_stack.h"

namespace capillaryx {
namespace {

using Colours = DicomFile::Colours;

constexpr std::uint64_t kMaxFrameBytes = 2ULL << 30U;

std::uint8_t to_byte(double value) { return static_cast<std::uint8_t>(std::clamp(value + 0.5, 0.0, 255.0)); }

// PackBits, as TIFF has it.
void unpack_rle(std::span<const std::uint8_t> packed, std::uint8_t* out, std::size_t count, std::size_t step) {
  std::size_t at = 0, have = 0;
  while (have < count) {
    if (at >= packed.size()) throw ImageError("the DICOM is damaged: its run-length code is truncated");
    const int head = packed[at] < 128 ? packed[at] : packed[at] - 256;
    ++at;
    if (head == -128) continue;
    const auto length = static_cast<std::size_t>(head < 0 ? 1 - head : 1 + head);
    const std::size_t needed = head < 0 ? 1 : length;
    if (needed > packed.size() - at) throw ImageError("the DICOM is damaged: its run-length code is truncated");
    for (std::size_t i = 0; i < length && have < count; ++i, ++have) out[have * step] = packed[at + (head < 0 ? 0 : i)];
    at += needed;
  }
}

class DicomStack : public PictureStack {
 public:
  DicomStack(ByteSource source, std::int64_t max_pixels) : source_(std::move(source)), file_(read_dicom(source_)) {
    PixelTarget(*BufferPool::make(), max_pixels).check_size(file_.columns, file_.rows);
    count_ = static_cast<std::size_t>(file_.columns * file_.rows);
    facts_.pages = file_.frames;
    facts_.width = static_cast<int>(file_.columns);
    facts_.height = static_cast<int>(file_.rows);
    if (file_.coding == DicomCoding::kNative &&
        frame_bytes() > file_.pixels.size / static_cast<std::uint64_t>(file_.frames)) {
      throw ImageError("the DICOM is truncated: it holds less than its pixels");
    }
    if (file_.um_per_px && std::isfinite(*file_.um_per_px)) {
      facts_.scale_um_per_px = file_.um_per_px;
      facts_.scale_from = "dicom";
    }
    set_times();
  }

  void read(std::int64_t page, Decoding& decoding) override {
    if (page < 0 || page >= facts_.pages) throw ImageError("the file has no page " + std::to_string(page));
    if (file_.coding == DicomCoding::kJpeg) return read_jpeg(page, decoding);
    const std::size_t values = count_ * static_cast<std::size_t>(file_.samples);
    values_.resize(values);
    switch (file_.coding) {
      case DicomCoding::kNative:
        read_native(page);
        break;
      case DicomCoding::kRle:
        read_rle(page);
        break;
      case DicomCoding::kJpegLossless:
        decode_jpeg_lossless(coded(page), [&](std::int64_t width, std::int64_t height, int components) {
          if (width != file_.columns || height != file_.rows || components != file_.samples) {
            throw ImageError("the DICOM is damaged: its JPEG has another size");
          }
          return values_.data();
        });
        break;
      default:
        read_jpeg_ls(page);
        break;
    }
    finish(decoding);
  }

 private:
  std::size_t value_bytes() const { return static_cast<std::size_t>(file_.bits_allocated / 8); }
  bool half_chroma() const { return file_.coding == DicomCoding::kNative && file_.colours == Colours::kYbrFull422; }
  std::uint64_t frame_bytes() const {
    return count_ * (half_chroma() ? 2 : static_cast<std::uint64_t>(file_.samples)) * value_bytes();
  }

  void set_times() {
    if (facts_.pages < 2) return;
    const auto frames = static_cast<std::size_t>(facts_.pages);
    double time_ms = 0;
    if (file_.frame_steps_ms.size() == frames) {
      for (const double step : file_.frame_steps_ms) {
        if (!(step >= 0)) return facts_.page_times_s.clear();
        time_ms += step;
        facts_.page_times_s.push_back(time_ms / 1000);
      }
    } else if (file_.frame_time_ms) {
      for (std::size_t i = 0; i < frames; ++i) {
        facts_.page_times_s.push_back(static_cast<double>(i) * *file_.frame_time_ms / 1000);
      }
    }
  }

  std::span<const std::uint8_t> coded(std::int64_t page) {
    const auto& places = file_.fragments[static_cast<std::size_t>(page)];
    std::uint64_t total = 0;
    for (const BytePlace& place : places) total += place.size;
    if (total > kMaxFrameBytes) throw ImageError("the DICOM has a frame of more than 2 GB");
    bytes_.resize(static_cast<std::size_t>(total));
    std::size_t at = 0;
    for (const BytePlace& place : places) {
      at += source_.read(place.offset, bytes_.data() + at, static_cast<std::size_t>(place.size));
    }
    if (at != total) throw ImageError("the DICOM is truncated");
    return bytes_;
  }

  // Values in the order of pixels, as they are stored.
  void read_native(std::int64_t page) {
    const auto size = static_cast<std::size_t>(frame_bytes());
    bytes_.resize(size);
    if (source_.read(file_.pixels.offset + static_cast<std::uint64_t>(page) * size, bytes_.data(), size) != size) {
      throw ImageError("the DICOM is truncated");
    }
    const auto value = [&](std::size_t i) -> std::uint16_t {
      if (value_bytes() == 1) return bytes_[i];
      const std::uint8_t* const at = &bytes_[2 * i];
      return static_cast<std::uint16_t>(file_.big_endian ? at[0] << 8U | at[1] : at[1] << 8U | at[0]);
    };
    if (half_chroma()) {  // Y Y Cb Cr of two pixels
      if (file_.columns % 2 != 0) throw ImageError("the DICOM is damaged: an odd row has half of its colours");
      for (std::size_t i = 0; i < count_; ++i) {
        values_[3 * i] = value(i / 2 * 4 + i % 2);
        values_[3 * i + 1] = value(i / 2 * 4 + 2);
        values_[3 * i + 2] = value(i / 2 * 4 + 3);
      }
      return;
    }
    const auto samples = static_cast<std::size_t>(file_.samples);
    for (std::size_t i = 0; i < count_; ++i) {
      for (std::size_t s = 0; s < samples; ++s)
        values_[i * samples + s] = value(file_.planar ? s * count_ + i : i * samples + s);
    }
  }

  void read_rle(std::int64_t page) {
    const auto bytes = coded(page);
    const auto samples = static_cast<std::size_t>(file_.samples);
    const std::size_t segments = samples * value_bytes();
    const auto number = [&](std::size_t i) {
      return std::size_t{bytes[4 * i]} | std::size_t{bytes[4 * i + 1]} << 8U | std::size_t{bytes[4 * i + 2]} << 16U |
             std::size_t{bytes[4 * i + 3]} << 24U;
    };
    if (bytes.size() < 64 || number(0) != segments)
      throw ImageError("the DICOM is damaged: its run-length code has other planes");
    plane_.resize(count_);
    std::fill(values_.begin(), values_.end(), std::uint16_t{0});
    for (std::size_t i = 0; i < segments; ++i) {  // the high byte of a sample first
      const std::size_t begin = number(1 + i);
      const std::size_t end = i + 1 < segments ? number(2 + i) : bytes.size();
      if (begin < 64 || begin > end || end > bytes.size())
        throw ImageError("the DICOM is damaged: its run-length code is truncated");
      unpack_rle(bytes.subspan(begin, end - begin), plane_.data(), count_, 1);
      const std::size_t sample = i / value_bytes();
      for (std::size_t k = 0; k < count_; ++k) {
        std::uint16_t& value = values_[k * samples + sample];
        value = static_cast<std::uint16_t>(value << 8U | plane_[k]);
      }
    }
  }

  void read_jpeg_ls(std::int64_t page) {
    try {
      coded(page);
      // CharLS 2.4 counts to 2^32 at the end of data that lack this marker.
      bytes_.insert(bytes_.end(), {0xff, 0xd9});
      charls::jpegls_decoder decoder;
      decoder.source(bytes_.data(), bytes_.size()).read_header();
      const charls::frame_info info = decoder.frame_info();
      if (info.width != file_.columns || info.height != file_.rows || info.component_count != file_.samples ||
          info.bits_per_sample < 2 || info.bits_per_sample > 16) {
        throw ImageError("the DICOM is damaged: its JPEG-LS has another form");
      }
      const std::size_t width = info.bits_per_sample > 8 ? 2 : 1;
      std::vector<std::uint8_t> out(values_.size() * width);
      decoder.decode(out);
      const bool planar = decoder.interleave_mode() == charls::interleave_mode::none;
      const auto samples = static_cast<std::size_t>(file_.samples);
      for (std::size_t i = 0; i < count_; ++i) {
        for (std::size_t s = 0; s < samples; ++s) {
          const std::size_t at = (planar ? s * count_ + i : i * samples + s) * width;
          values_[i * samples + s] = static_cast<std::uint16_t>(width == 1 ? out[at] : out[at] | out[at + 1] << 8U);
        }
      }
    } catch (const charls::jpegls_error& error) {
      throw ImageError("the DICOM's JPEG-LS is damaged: " + std::string(error.what()));
    }
  }

  // libjpeg gives 8 bits and makes RGB of colours.
  void read_jpeg(std::int64_t page, Decoding& decoding) {
    if (decoding.survey != nullptr) return;
    if (file_.bits_stored > 8)
      throw ImageError("the DICOM has a JPEG of 12 bits, which is not supported; save it as JPEG-LS");
    decode_jpeg(coded(page), decoding, file_.colours == Colours::kRgb);
    const PixelView& view = decoding.target.view();
    if (view.width != file_.columns || view.height != file_.rows || view.channels != file_.samples) {
      throw ImageError("the DICOM is damaged: its JPEG has another size");
    }
    if (file_.colours != Colours::kMonochrome1) return;
    auto* const pixels = const_cast<std::uint8_t*>(view.data);  // the target's, not given out yet
    for (std::size_t i = 0; i < count_; ++i) pixels[i] ^= 255;
  }

  void finish(Decoding& decoding) {
    // The stored bits, in the lowest place.
    const auto shift = static_cast<unsigned>(file_.high_bit + 1 - file_.bits_stored);
    const auto mask = static_cast<std::uint16_t>((1U << static_cast<unsigned>(file_.bits_stored)) - 1U);
    const bool moved = file_.coding == DicomCoding::kNative || file_.coding == DicomCoding::kRle;
    for (std::uint16_t& value : values_) value = static_cast<std::uint16_t>((moved ? value >> shift : value) & mask);
    if (file_.colours == Colours::kPalette) return finish_palette(decoding);
    const bool invert = file_.colours == Colours::kMonochrome1;
    const int channels = static_cast<int>(file_.samples);
    if (file_.bits_stored == 8 && !file_.is_signed) {
      if (decoding.survey != nullptr) return;
      std::uint8_t* const pixels = decoding.target.allocate(file_.columns, file_.rows, channels);
      const std::uint8_t flip = invert ? 255 : 0;
      for (std::size_t i = 0; i < values_.size(); ++i) pixels[i] = static_cast<std::uint8_t>(values_[i]) ^ flip;
      if (file_.colours == Colours::kYbrFull || file_.colours == Colours::kYbrFull422) ybr_to_rgb(pixels);
      return;
    }
    if (file_.colours == Colours::kYbrFull || file_.colours == Colours::kYbrFull422) {
      throw ImageError("the DICOM has YBR colours of more or less than 8 bits, which are not supported");
    }
    ValueFacts known;
    known.bits = static_cast<int>(file_.bits_allocated);
    if (file_.is_signed) {
      known.kind = NumberKind::kSigned;
      const int sign = 1 << (file_.bits_stored - 1);
      floats_.resize(values_.size());
      for (std::size_t i = 0; i < values_.size(); ++i) floats_[i] = static_cast<float>((values_[i] ^ sign) - sign);
      return finish_wide(decoding, floats_.data(), file_.columns, file_.rows, channels, known, invert);
    }
    known.stated = {0, static_cast<double>(mask)};
    known.stated_by = "bits stored";
    finish_wide(decoding, values_.data(), file_.columns, file_.rows, channels, known, invert);
  }

  void ybr_to_rgb(std::uint8_t* pixels) const {
    for (std::size_t i = 0; i < count_; ++i, pixels += 3) {
      const double y = pixels[0], cb = pixels[1] - 128.0, cr = pixels[2] - 128.0;
      pixels[0] = to_byte(y + 1.402 * cr);
      pixels[1] = to_byte(y - 0.344136 * cb - 0.714136 * cr);
      pixels[2] = to_byte(y + 1.772 * cb);
    }
  }

  void finish_palette(Decoding& decoding) {
    if (decoding.survey != nullptr) return;
    std::array<std::vector<std::uint8_t>, 3> tables;
    for (std::size_t c = 0; c < 3; ++c) {
      const auto& [stored_entries, first, bits] = file_.palette_form[c];
      const std::size_t entries = stored_entries == 0 ? 65536 : static_cast<std::size_t>(stored_entries);
      std::vector<std::uint8_t> raw(
          static_cast<std::size_t>(std::min<std::uint64_t>(file_.palette[c].size, 2 * entries)));
      raw.resize(source_.read(file_.palette[c].offset, raw.data(), raw.size()));
      const bool wide = raw.size() >= 2 * entries;
      if (raw.size() < entries || (bits != 8 && bits != 16))
        throw ImageError("the DICOM is damaged: its palette is missing");
      for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t high = file_.big_endian ? 2 * i : 2 * i + 1, low = file_.big_endian ? 2 * i + 1 : 2 * i;
        tables[c].push_back(!wide ? raw[i] : bits == 16 ? scale_16_to_8(raw[high] << 8U | raw[low]) : raw[low]);
      }
    }
    std::uint8_t* to = decoding.target.allocate(file_.columns, file_.rows, 3);
    for (std::size_t i = 0; i < count_; ++i) {
      for (std::size_t c = 0; c < 3; ++c) {
        const std::int64_t index = std::clamp<std::int64_t>(values_[i] - file_.palette_form[c][1], 0,
                                                            static_cast<std::int64_t>(tables[c].size()) - 1);
        *to++ = tables[c][static_cast<std::size_t>(index)];
      }
    }
  }

  ByteSource source_;
  DicomFile file_;
  std::size_t count_ = 0;
  std::vector<std::uint16_t> values_;
  std::vector<float> floats_;
  std::vector<std::uint8_t> bytes_, plane_;
};

}  // namespace

std::unique_ptr<PictureStack> open_dicom(ByteSource source, std::int64_t max_pixels) {
  return std::make_unique<DicomStack>(std::move(source), max_pixels);
}

}  // namespace capillaryx
