// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
// jpeglib.h needs FILE and size_t before it.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "image/decoders.h"
#include "image/image.h"
#include "image/jpeg_entropy.h"
#include "image/tiff_directory.h"

namespace capillaryx {
namespace {

// A progressive JPEG of a few bytes a scan can ask for hours of work; real ones have about ten scans.
constexpr int kMaxScans = 200;

struct JpegErrors {
  jpeg_error_mgr manager;  // first, so that libjpeg's pointer to it is one to all of this
  std::jmp_buf jump;
  std::array<char, JMSG_LENGTH_MAX> message;
  bool decoding;          ///< the first scan has begun
  int stray_bytes;        ///< between segments
  int stray_coded_bytes;  ///< after coded data: whether it is whole has to be looked into
};

JpegErrors& errors_of(j_common_ptr jpeg) { return *reinterpret_cast<JpegErrors*>(jpeg->err); }

[[noreturn]] void on_error(j_common_ptr jpeg) {
  JpegErrors& errors = errors_of(jpeg);
  jpeg->err->format_message(jpeg, errors.message.data());
  std::longjmp(errors.jump, 1);  // NOLINT(cert-err52-cpp): libjpeg has no other way
}

// libjpeg only warns where data are missing or damaged, and fills in grey: that is a failure here.
void on_message(j_common_ptr jpeg, int level) {
  if (level >= 0) return;  // a trace
  const int code = jpeg->err->msg_code;
  if (code == JWRN_EXTRANEOUS_DATA) {
    const int* const number = jpeg->err->msg_parm.i;
    const bool after_data = (number[1] >= 0xd0 && number[1] <= 0xd9 && number[1] != 0xd8) || errors_of(jpeg).decoding;
    (after_data ? errors_of(jpeg).stray_coded_bytes : errors_of(jpeg).stray_bytes) += number[0];
    return;
  }
  if (code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM || code == JWRN_BOGUS_ICC) return;  // says nothing of pixels
  on_error(jpeg);
}

void on_output(j_common_ptr) {}

void on_progress(j_common_ptr jpeg) {
  if (!jpeg->is_decompressor) return;
  if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= kMaxScans) return;
  JpegErrors& errors = errors_of(jpeg);
  std::strncpy(errors.message.data(), "too many scans", errors.message.size());
  std::longjmp(errors.jump, 1);  // NOLINT(cert-err52-cpp)
}

void prepare(JpegErrors& errors) {
  jpeg_std_error(&errors.manager);
  errors.manager.error_exit = on_error;
  errors.manager.emit_message = on_message;
  errors.manager.output_message = on_output;
  errors.message[0] = '\0';
  errors.decoding = false;
  errors.stray_bytes = errors.stray_coded_bytes = 0;
}

// Between setjmp and longjmp no object with a destructor may come to life: the steps are separate functions that
// hold plain values only.
bool read_header(jpeg_decompress_struct& jpeg, JpegErrors& errors, std::span<const std::uint8_t> bytes, bool rgb) {
  if (setjmp(errors.jump) != 0) return false;  // NOLINT(cert-err52-cpp)
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, bytes.data(), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  if (rgb && jpeg.num_components == 3 && !jpeg.saw_JFIF_marker && !jpeg.saw_Adobe_marker)
    jpeg.jpeg_color_space = JCS_RGB;
  switch (jpeg.jpeg_color_space) {
    case JCS_GRAYSCALE:
      jpeg.out_color_space = JCS_GRAYSCALE;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      jpeg.out_color_space = JCS_CMYK;
      break;
    default:
      jpeg.out_color_space = JCS_RGB;
  }
  jpeg_calc_output_dimensions(&jpeg);
  return true;
}

// Inks to light: an Adobe file holds them inverted (255 is no ink).
void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb, std::size_t width, bool inverted) {
  for (std::size_t x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const std::uint32_t k = inverted ? cmyk[3] : 255U - cmyk[3];
    for (int c = 0; c < 3; ++c) {
      const std::uint32_t ink = inverted ? cmyk[c] : 255U - cmyk[c];
      rgb[c] = static_cast<std::uint8_t>((ink * k + 127U) / 255U);
    }
  }
}

// A progressive file that ends early but properly leaves coefficients unsent, and libjpeg shows what it has.
bool all_scans_came(const jpeg_decompress_struct& jpeg) {
  for (int component = 0; component < jpeg.num_components; ++component) {
    if (jpeg.comp_info[component].quant_table == nullptr) return false;  // no scan had this component
    if (jpeg.coef_bits == nullptr) continue;
    const int* const bits = jpeg.coef_bits[component];
    if (!std::all_of(bits, bits + DCTSIZE2, [](int missing_bits) { return missing_bits == 0; })) return false;
  }
  return true;
}

bool read_rows(jpeg_decompress_struct& jpeg, JpegErrors& errors, std::uint8_t* pixels, std::uint8_t* cmyk_row) {
  if (setjmp(errors.jump) != 0) return false;  // NOLINT(cert-err52-cpp)
  errors.decoding = true;
  jpeg_start_decompress(&jpeg);
  const std::size_t row_bytes = std::size_t{jpeg.output_width} * (jpeg.output_components == 1 ? 1 : 3);
  std::array<JSAMPROW, 16> rows{};
  while (jpeg.output_scanline < jpeg.output_height) {
    std::uint8_t* const row = pixels + std::size_t{jpeg.output_scanline} * row_bytes;
    if (cmyk_row != nullptr) {
      rows[0] = cmyk_row;
      jpeg_read_scanlines(&jpeg, rows.data(), 1);
      cmyk_to_rgb(cmyk_row, row, jpeg.output_width, jpeg.saw_Adobe_marker != FALSE);
      continue;
    }
    const JDIMENSION count = std::min<JDIMENSION>(jpeg.output_height - jpeg.output_scanline, rows.size());
    for (JDIMENSION i = 0; i < count; ++i) rows[i] = row + i * row_bytes;
    jpeg_read_scanlines(&jpeg, rows.data(), count);
  }
  const bool complete = all_scans_came(jpeg);
  if (!complete) std::strncpy(errors.message.data(), "scans are missing", errors.message.size());
  jpeg_finish_decompress(&jpeg);
  return complete;
}

}  // namespace

namespace {

// EXIF's orientation, which is not applied.
void note_orientation(std::span<const std::uint8_t> bytes, ImageFacts& facts) {
  for (std::size_t at = 2; at + 4 <= bytes.size() && bytes[at] == 0xff;) {
    const std::uint8_t marker = bytes[at + 1];
    const std::size_t size = std::size_t{bytes[at + 2]} << 8U | bytes[at + 3];
    if (marker == 0xda || size < 2 || size > bytes.size() - at - 2) return;
    const auto body = bytes.subspan(at + 4, size - 2);
    if (marker == 0xe1 && body.size() > 6 && std::memcmp(body.data(), "Exif\0", 6) == 0) {
      const int orientation = tiff_orientation(ByteSource(body.subspan(6)));
      if (orientation != 1) {
        facts.notes.push_back("the file's orientation tag (" + std::to_string(orientation) + ") is not applied");
      }
      return;
    }
    at += 2 + size;
  }
}

}  // namespace

void decode_jpeg(std::span<const std::uint8_t> bytes, Decoding& decoding, bool rgb) {
  PixelTarget& target = decoding.target;
  JpegErrors errors;
  prepare(errors);
  struct Jpeg : jpeg_decompress_struct {
    Jpeg() : jpeg_decompress_struct{} {}
    ~Jpeg() { jpeg_destroy_decompress(this); }
  } jpeg;
  jpeg.err = &errors.manager;
  const auto fail = [&] {
    throw ImageError("the JPEG is damaged or truncated: " + std::string(errors.message.data()));
  };
  if (!read_header(jpeg, errors, bytes, rgb)) fail();
  target.check_size(jpeg.output_width, jpeg.output_height);
  jpeg_progress_mgr progress{};
  progress.progress_monitor = on_progress;
  jpeg.progress = &progress;

  std::vector<std::uint8_t> cmyk_row;
  if (jpeg.out_color_space == JCS_CMYK) cmyk_row.resize(std::size_t{jpeg.output_width} * 4);
  std::uint8_t* const pixels =
      target.allocate(jpeg.output_width, jpeg.output_height, jpeg.out_color_space == JCS_GRAYSCALE ? 1 : 3);
  if (!read_rows(jpeg, errors, pixels, cmyk_row.empty() ? nullptr : cmyk_row.data())) fail();
  if (errors.stray_coded_bytes > 0 && !jpeg_entropy_is_sound(bytes)) {
    throw ImageError("the JPEG is damaged: its coded data do not end where they should");
  }
  if (const int stray = errors.stray_bytes + errors.stray_coded_bytes; stray > 0) {
    decoding.facts.notes.push_back(std::to_string(stray) +
                                   " stray bytes in the JPEG were skipped; no pixel depends on them");
  }
  note_orientation(bytes, decoding.facts);
}

namespace {

struct JpegBytes {
  unsigned char* data = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): libjpeg's type
};

bool write_jpeg(jpeg_compress_struct& jpeg, JpegErrors& errors, const PixelView& pixels, int quality, JpegBytes& out) {
  if (setjmp(errors.jump) != 0) return false;  // NOLINT(cert-err52-cpp)
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, &out.data, &out.size);
  jpeg.image_width = static_cast<JDIMENSION>(pixels.width);
  jpeg.image_height = static_cast<JDIMENSION>(pixels.height);
  jpeg.input_components = pixels.channels;
  jpeg.in_color_space = pixels.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(pixels.row(static_cast<int>(jpeg.next_scanline)));  // libjpeg only reads it
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  return true;
}

}  // namespace

std::span<const std::uint8_t> encode_jpeg(const PixelView& pixels, int quality, std::vector<std::uint8_t>& memory) {
  // libjpeg's own memory starts at 4 KB and doubles: it is given what most pictures have room in. It is not made
  // smaller afterwards, as growing again would clear it.
  const std::size_t usual_bytes = static_cast<std::size_t>(pixels.width) * static_cast<std::size_t>(pixels.height) *
                                  static_cast<std::size_t>(pixels.channels) / 16;
  memory.resize(std::max(memory.size(), usual_bytes + 4096));
  JpegErrors errors;
  prepare(errors);
  struct Jpeg : jpeg_compress_struct {
    Jpeg() : jpeg_compress_struct{} {}
    ~Jpeg() { jpeg_destroy_compress(this); }
  } jpeg;
  JpegBytes out{memory.data(), memory.size()};
  jpeg.err = &errors.manager;
  if (!write_jpeg(jpeg, errors, pixels, quality, out)) {
    throw ImageError("cannot be written as JPEG: " + std::string(errors.message.data()));
  }
  if (out.data != memory.data()) {  // it had no room
    const std::unique_ptr<unsigned char, decltype(&std::free)> larger(out.data, &std::free);
    memory.assign(larger.get(), larger.get() + out.size);
  }
  return {memory.data(), out.size};
}

std::vector<std::uint8_t> encode_jpeg(const PixelView& pixels, int quality) {
  std::vector<std::uint8_t> memory;
  memory.resize(encode_jpeg(pixels, quality, memory).size());
  return memory;
}

}  // namespace capillaryx
