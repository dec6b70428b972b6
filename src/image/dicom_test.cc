// SPDX-License-Identifier: Apache-2.0
#include <charls/charls.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/jpeg_lossless.h"
#include "image/picture_stack.h"
#include "image/picture_writers_test.h"

namespace capillaryx {
namespace {

using test::Bytes;
using test::put_little;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Range = std::array<double, 2>;

constexpr int kWidth = 8, kHeight = 4, kPixels = kWidth * kHeight;
const std::string kRoot = "1.2.840.10008.1.2";

// Explicit or implicit little endian, element by element.
class Dicom {
 public:
  explicit Dicom(std::string syntax = kRoot + ".1") : explicit_(syntax != kRoot) {
    bytes_.assign(128, 0);
    append("DICM");
    put(0x0002, 0x0010, "UI", syntax, true);
  }
  Dicom& put(int group, int element, const std::string& vr, std::string value, bool always_explicit = false) {
    if (value.size() % 2 != 0) value += vr == "UI" ? '\0' : ' ';
    head(group, element, vr, static_cast<std::uint32_t>(value.size()), always_explicit);
    append(value);
    return *this;
  }
  Dicom& number(int group, int element, int value) {
    head(group, element, "US", 2, false);
    put_little(bytes_, static_cast<std::uint32_t>(value), 2);
    return *this;
  }
  Dicom& form(const std::string& colours, int samples, int allocated, int stored, int frames = 1,
              bool is_signed = false) {
    put(0x0010, 0x0010, "PN", "Doe^Jane");
    put(0x0010, 0x0020, "LO", "PATIENT-4711");
    number(0x0028, 0x0002, samples).put(0x0028, 0x0004, "CS", colours);
    if (frames > 1) put(0x0028, 0x0008, "IS", std::to_string(frames));
    number(0x0028, 0x0010, kHeight).number(0x0028, 0x0011, kWidth).number(0x0028, 0x0100, allocated);
    return number(0x0028, 0x0101, stored).number(0x0028, 0x0102, stored - 1).number(0x0028, 0x0103, is_signed ? 1 : 0);
  }
  Bytes native(const Bytes& pixels) {
    head(0x7fe0, 0x0010, "OW", static_cast<std::uint32_t>(pixels.size()), false);
    bytes_.insert(bytes_.end(), pixels.begin(), pixels.end());
    return bytes_;
  }
  Bytes encapsulated(const std::vector<Bytes>& frames) {
    head(0x7fe0, 0x0010, "OB", 0xffffffff, false);
    item(0xe000, {});
    for (Bytes frame : frames) {
      if (frame.size() % 2 != 0) frame.push_back(0);
      item(0xe000, frame);
    }
    item(0xe0dd, {});
    return bytes_;
  }

 private:
  void append(const std::string& text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void item(int element, const Bytes& body) {
    put_little(bytes_, 0xfffe, 2);
    put_little(bytes_, static_cast<std::uint32_t>(element), 2);
    put_little(bytes_, static_cast<std::uint32_t>(body.size()), 4);
    bytes_.insert(bytes_.end(), body.begin(), body.end());
  }
  void head(int group, int element, const std::string& vr, std::uint32_t size, bool always_explicit) {
    put_little(bytes_, static_cast<std::uint32_t>(group), 2);
    put_little(bytes_, static_cast<std::uint32_t>(element), 2);
    if (!explicit_ && !always_explicit) return put_little(bytes_, size, 4);
    append(vr);
    if (vr == "OW" || vr == "OB") {
      put_little(bytes_, 0, 2);
      put_little(bytes_, size, 4);
    } else {
      put_little(bytes_, size, 2);
    }
  }

  bool explicit_;
  Bytes bytes_;
};

struct Read {
  std::vector<int> pixels;
  int channels = 0;
  ImageFacts facts;
};

Read decode(const Bytes& bytes) {
  Read read;
  const Frame frame = ImageReader(1'000'000).decode({}, bytes, read.facts);
  const PixelView& view = frame.pixels();
  read.channels = view.channels;
  read.pixels.assign(view.data, view.data + std::ptrdiff_t{view.width} * view.height * view.channels);
  return read;
}

std::string error_of(const Bytes& bytes) {
  try {
    decode(bytes);
  } catch (const ImageError& error) {
    return error.what();
  }
  return "";
}

Bytes ramp8(int channels = 1) {
  Bytes bytes;
  for (int i = 0; i < kPixels * channels; ++i)
    bytes.push_back(static_cast<std::uint8_t>(i * 255 / (kPixels * channels - 1)));
  return bytes;
}
std::vector<std::uint16_t> ramp12() {
  std::vector<std::uint16_t> values;
  for (int i = 0; i < kPixels; ++i) values.push_back(static_cast<std::uint16_t>(i * 4095 / (kPixels - 1)));
  return values;
}
Bytes little(const std::vector<std::uint16_t>& values) {
  Bytes bytes;
  for (const std::uint16_t value : values) put_little(bytes, value, 2);
  return bytes;
}
std::vector<int> eight_bits_of_12() {
  std::vector<int> pixels;
  for (const int value : ramp12()) pixels.push_back((value * 255 * 2 + 4095) / (2 * 4095));
  return pixels;
}
std::vector<int> ints(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

TEST(Dicom, UncompressedGreyIsReadInBothSyntaxesAndBothSenses) {
  for (const std::string& syntax : {kRoot, kRoot + ".1"}) {
    EXPECT_EQ(decode(Dicom(syntax).form("MONOCHROME2", 1, 8, 8).native(ramp8())).pixels, ints(ramp8())) << syntax;
    Bytes inverted = ramp8();
    for (std::uint8_t& value : inverted) value ^= 255;
    EXPECT_EQ(decode(Dicom(syntax).form("MONOCHROME1", 1, 8, 8).native(inverted)).pixels, ints(ramp8()));
  }
}

TEST(Dicom, TheRangeIsThatOfTheBitsStored) {
  const Read read = decode(Dicom().form("MONOCHROME2", 1, 16, 12).native(little(ramp12())));
  EXPECT_EQ(read.facts.value_range, (Range{0, 4095}));
  EXPECT_EQ(read.pixels, eight_bits_of_12());
}

TEST(Dicom, ColoursAreReadAsRgb) {
  const Read rgb = decode(Dicom().form("RGB", 3, 8, 8).native(ramp8(3)));
  EXPECT_EQ(rgb.channels, 3);
  EXPECT_EQ(rgb.pixels, ints(ramp8(3)));
  Bytes ybr;
  for (int i = 0; i < kPixels; ++i) ybr.insert(ybr.end(), {76, 85, 255});  // red
  const Read read = decode(Dicom().form("YBR_FULL", 3, 8, 8).native(ybr));
  EXPECT_NEAR(read.pixels[0], 254, 1);
  EXPECT_NEAR(read.pixels[1], 0, 1);
  EXPECT_NEAR(read.pixels[2], 0, 1);
}

TEST(Dicom, RunLengthCodeIsRead) {
  Bytes rle;
  put_little(rle, 2, 4);  // the high bytes, the low bytes
  put_little(rle, 64, 4);
  put_little(rle, 64 + kPixels + 1, 4);
  rle.resize(64);
  for (const unsigned shift : {8U, 0U}) {
    rle.push_back(kPixels - 1);  // as they are
    for (const std::uint16_t value : ramp12()) rle.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  EXPECT_EQ(decode(Dicom(kRoot + ".5").form("MONOCHROME2", 1, 16, 12).encapsulated({rle})).pixels, eight_bits_of_12());
}

TEST(Dicom, BaselineJpegIsRead) {
  const test::Picture picture{kWidth, kHeight, 1, Bytes(kPixels, 120)};
  const Bytes jpeg = encode_jpeg(picture.view());
  EXPECT_THAT(decode(Dicom(kRoot + ".4.50").form("MONOCHROME2", 1, 8, 8).encapsulated({jpeg})).pixels, Each(120));
  const test::Picture colour{kWidth, kHeight, 3, Bytes(std::size_t{3} * kPixels, 90)};
  EXPECT_THAT(
      decode(Dicom(kRoot + ".4.50").form("YBR_FULL_422", 3, 8, 8).encapsulated({encode_jpeg(colour.view())})).pixels,
      Each(90));
}

TEST(Dicom, JpegLsIsRead) {
  const std::vector<std::uint16_t> values = ramp12();
  charls::jpegls_encoder encoder;
  encoder.frame_info({kWidth, kHeight, 12, 1});
  Bytes coded(encoder.estimated_destination_size());
  encoder.destination(coded);
  coded.resize(encoder.encode(values.data(), values.size() * 2));
  const Dicom dicom = Dicom(kRoot + ".4.80").form("MONOCHROME2", 1, 16, 12);
  EXPECT_EQ(decode(Dicom(dicom).encapsulated({coded})).pixels, eight_bits_of_12());
  coded.resize(coded.size() / 2);
  EXPECT_THAT(error_of(Dicom(dicom).encapsulated({coded})), HasSubstr("damaged"));
}

// The simplest lossless JPEG: every code is 5 bits, the number of bits of the difference to the pixel before.
Bytes lossless_jpeg(const std::vector<std::uint16_t>& values, int predictor) {
  Bytes out = {0xff, 0xd8, 0xff, 0xc3, 0, 11, 12, 0, kHeight, 0, kWidth, 1, 1, 0x11, 0, 0xff, 0xc4, 0, 19 + 13, 0};
  for (int length = 1; length <= 16; ++length) out.push_back(length == 5 ? 13 : 0);
  for (std::uint8_t bits = 0; bits < 13; ++bits) out.push_back(bits);
  out.insert(out.end(), {0xff, 0xda, 0, 8, 1, 1, 0, static_cast<std::uint8_t>(predictor), 0, 0});
  std::uint32_t window = 0;
  int held = 0;
  const auto put = [&](int value, int bits) {
    for (int i = bits - 1; i >= 0; --i) {
      window = window << 1U | static_cast<std::uint32_t>(value >> i & 1);
      if (++held == 8) {
        out.push_back(static_cast<std::uint8_t>(window));
        if ((window & 255U) == 255) out.push_back(0);
        held = 0;
      }
    }
  };
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const auto at = [&](int dx, int dy) { return int{values[static_cast<std::size_t>((y - dy) * kWidth + x - dx)]}; };
      int predicted = 2048;
      if (y == 0 && x > 0) predicted = at(1, 0);
      if (y > 0)
        predicted = x == 0           ? at(0, 1)
                    : predictor == 1 ? at(1, 0)
                    : predictor == 4 ? at(1, 0) + at(0, 1) - at(1, 1)
                                     : (at(1, 0) + at(0, 1)) / 2;
      const int difference = at(0, 0) - predicted;
      int bits = 0;
      while (std::abs(difference) >> bits != 0) ++bits;
      put(bits, 5);
      put(difference < 0 ? difference + (1 << bits) - 1 : difference, bits);
    }
  }
  put(255, held == 0 ? 0 : 8 - held);
  out.insert(out.end(), {0xff, 0xd9});
  return out;
}

TEST(Dicom, LosslessJpegIsReadWithItsPredictors) {
  for (const int predictor : {1, 4, 7}) {
    const Bytes jpeg = lossless_jpeg(ramp12(), predictor);
    EXPECT_EQ(decode(Dicom(kRoot + ".4.70").form("MONOCHROME2", 1, 16, 12).encapsulated({jpeg})).pixels,
              eight_bits_of_12())
        << predictor;
    const Bytes cut(jpeg.begin(), jpeg.end() - 12);
    EXPECT_THAT(error_of(Dicom(kRoot + ".4.70").form("MONOCHROME2", 1, 16, 12).encapsulated({cut})),
                HasSubstr("damaged"));
  }
}

TEST(Dicom, FramesHaveTimes) {
  Bytes pixels = ramp8();
  for (int i = 0; i < 2 * kPixels; ++i) pixels.push_back(static_cast<std::uint8_t>(50 + i / kPixels));
  const Bytes bytes = Dicom().put(0x0018, 0x1063, "DS", "40").form("MONOCHROME2", 1, 8, 8, 3).native(pixels);
  const auto stack = open_stack(ByteSource(bytes), 1'000'000);
  EXPECT_EQ(stack->facts().pages, 3);
  EXPECT_THAT(stack->facts().page_times_s, ElementsAre(0, 0.04, 0.08));
}

TEST(Dicom, TheScaleIsThatOfTheTagThatCountsForTheModality) {
  const auto scale_of = [](const std::string& modality, int group, int element, const std::string& spacing) {
    return decode(Dicom()
                      .put(0x0008, 0x0060, "CS", modality)
                      .put(group, element, "DS", spacing)
                      .form("MONOCHROME2", 1, 8, 8)
                      .native(ramp8()))
        .facts.scale_um_per_px;
  };
  EXPECT_EQ(scale_of("GM", 0x0028, 0x0030, "0.002\\0.002"), 2.0);
  EXPECT_EQ(scale_of("GM", 0x0028, 0x0030, "0.002\\0.003"), std::nullopt) << "pixels that are not square";
  EXPECT_EQ(scale_of("DX", 0x0028, 0x0030, "0.1\\0.1"), std::nullopt) << "of the detector, not of what is seen";
  EXPECT_EQ(scale_of("DX", 0x0018, 0x1164, "0.1\\0.1"), std::nullopt);
  EXPECT_EQ(scale_of("SC", 0x0018, 0x2010, "0.1\\0.1"), std::nullopt);
  EXPECT_EQ(scale_of("US", 0x0028, 0x0030, "0.1\\0.1"), std::nullopt);
}

TEST(Dicom, WhatIsNotReadSaysSoAndNamesNobody) {
  const auto coded = [](const std::string& kind) {
    return Dicom(kRoot + kind).form("RGB", 3, 8, 8).encapsulated({Bytes(64)});
  };
  EXPECT_THAT(error_of(coded(".4.90")), HasSubstr("JPEG 2000"));
  EXPECT_THAT(error_of(coded(".4.102")), HasSubstr("H.264"));
  EXPECT_THAT(error_of(coded(".4.50")), HasSubstr("damaged"));
  for (const char* const kind : {".4.90", ".4.102", ".4.50", ".4.70", ".4.80", ".5", ".1.99", ".99"}) {
    EXPECT_NE(error_of(coded(kind)), "");
    EXPECT_THAT(error_of(coded(kind)), Not(HasSubstr("Doe")));
  }
  EXPECT_THAT(error_of(Dicom().form("Doe^Jane", 1, 8, 8).native(ramp8())), Not(HasSubstr("Doe")));
  const Read read = decode(Dicom().form("MONOCHROME2", 1, 8, 8).native(ramp8()));
  EXPECT_THAT(read.facts.notes, Each(Not(HasSubstr("Doe"))));
}

TEST(Dicom, CutShortAnywhereIsAFailure) {
  const Bytes bytes = Dicom().form("MONOCHROME2", 1, 8, 8).native(ramp8());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(error_of({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}), "") << size;
  }
}

}  // namespace
}  // namespace capillaryx
