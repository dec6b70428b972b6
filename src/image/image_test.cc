// SPDX-License-Identifier: Apache-2.0
#include "image/image.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "image/picture_writers_test.h"
// jpeglib.h needs FILE and size_t before it.
#include <jpeglib.h>

namespace capillaryx {
namespace {

using test::Bytes;
using test::draw_picture;
using test::Picture;

constexpr std::int64_t kMaxPixels = 1'000'000;

Bytes to_bytes(const std::string& text) { return {text.begin(), text.end()}; }

Picture decode(const Bytes& bytes) {
  const Frame frame = ImageReader(kMaxPixels).decode({}, bytes);
  const PixelView& pixels = frame.pixels();
  Picture picture{pixels.width, pixels.height, pixels.channels, {}};
  for (int y = 0; y < pixels.height; ++y) {
    picture.bytes.insert(picture.bytes.end(), pixels.row(y), pixels.row(y) + pixels.width * pixels.channels);
  }
  return picture;
}

void expect_equal(const Picture& got, const Picture& expected) {
  EXPECT_EQ(got.width, expected.width);
  EXPECT_EQ(got.height, expected.height);
  EXPECT_EQ(got.channels, expected.channels);
  EXPECT_TRUE(got.bytes == expected.bytes);
}

std::string error_of(const Bytes& bytes, std::int64_t max_pixels = kMaxPixels) {
  try {
    ImageReader(max_pixels).decode({}, bytes);
  } catch (const ImageError& error) {
    return error.what();
  }
  return "";
}

// A file without a name that is open for reading.
Frame file_frame(const Bytes& bytes, FrameInfo info = {}) {
  std::string path = "/tmp/capillaryx_image_XXXXXX";
  const int descriptor = ::mkstemp(path.data());
  EXPECT_EQ(::write(descriptor, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  ::unlink(path.c_str());
  return Frame::from_file(std::move(info), std::make_shared<OpenFile>(descriptor));
}

TEST(Png, WhatIsWrittenIsReadBack) {
  for (const int channels : {1, 3}) {
    for (const int width : {1, 2, 5, 63, 64}) {
      const Picture picture = draw_picture(width, 37, channels);
      const Bytes png = encode_png(picture.view());
      expect_equal(decode(png), picture);
      expect_equal(test::read_with_libpng(png), picture);
    }
  }
}

TEST(Png, IsReadFromRowsThatLieApart) {
  const Picture picture = draw_picture(40, 20, 3);
  PixelView part = picture.view();
  part.width = 30;
  EXPECT_EQ(decode(encode_png(part)).bytes[30 * 3], picture.bytes[40 * 3]);
}

TEST(Png, EveryFormHasThePixelsOfLibpng) {
  int forms = 0;
  for (const int color : {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_PALETTE, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_GRAY_ALPHA,
                          PNG_COLOR_TYPE_RGBA}) {
    const int samples = color == PNG_COLOR_TYPE_RGB          ? 3
                        : color == PNG_COLOR_TYPE_RGBA       ? 4
                        : color == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                                                             : 1;
    for (const int depth : {1, 2, 4, 8, 16}) {
      if (depth < 8 && samples > 1) continue;
      if (depth == 16 && color == PNG_COLOR_TYPE_PALETTE) continue;
      for (const bool interlaced : {false, true}) {
        for (const int filter : {-1, 0, 1, 2, 3, 4}) {
          for (const int width : {1, 3, 50, 67}) {
            for (const bool transparent : {false, true}) {
              if (transparent && samples % 2 == 0) continue;
              const int row_bytes = (width * samples * depth + 7) / 8;
              const Bytes raw = draw_picture(row_bytes, 23, 1, static_cast<std::uint32_t>(filter + 7)).bytes;
              const Bytes png = test::write_png(width, 23, raw, {depth, color, interlaced, filter, transparent, 6});
              SCOPED_TRACE(testing::Message() << "color " << color << " depth " << depth << " interlaced " << interlaced
                                              << " filter " << filter << " width " << width);
              expect_equal(decode(png), test::read_with_libpng(png));
              ++forms;
            }
          }
        }
      }
    }
  }
  EXPECT_GT(forms, 500);
}

TEST(Png, RowsAreMovedUpByAnyNumberOfBytes) {
  // Each row is finished a byte further before the place where it was unpacked: over the whole of a vector and more.
  for (const int channels : {1, 3}) {
    for (const int filter : {0, 1, 2, 3, 4}) {
      const Picture picture = draw_picture(71, 150, channels, 5);
      const Bytes png =
          test::write_png(71, 150, picture.bytes,
                          {8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, false, filter, false, 6});
      SCOPED_TRACE(filter);
      expect_equal(decode(png), picture);
    }
  }
}

TEST(Png, MoreThanOneDataChunkIsJoined) {
  const Picture picture = draw_picture(300, 200, 3);  // libpng writes chunks of 8 kB
  const Bytes png = test::write_png(300, 200, picture.bytes, {.level = 0});
  expect_equal(decode(png), picture);
}

TEST(Png, AnyDamagedByteIsAFailure) {
  const Picture picture = draw_picture(24, 10, 3);
  for (const bool interlaced : {false, true}) {
    const Bytes png = test::write_png(24, 10, picture.bytes, {.interlaced = interlaced});
    for (std::size_t i = 0; i < png.size(); ++i) {
      Bytes damaged = png;
      damaged[i] ^= 0x10U;
      EXPECT_NE(error_of(damaged), "") << "byte " << i << " of " << png.size();
    }
  }
}

// As a program that damages the data and then writes right checksums of chunks.
TEST(Png, AWrongAdlerChecksumIsAFailure) {
  const Picture picture = draw_picture(24, 10, 3);
  for (const bool interlaced : {false, true}) {
    Bytes png = test::write_png(24, 10, picture.bytes, {.interlaced = interlaced});
    const std::string text(png.begin(), png.end());
    const std::size_t type = text.find("IDAT");
    const std::size_t size = png[type - 2] * 256U + png[type - 1];
    png[type + 4 + size - 1] ^= 1U;
    const std::uint32_t crc = libdeflate_crc32(0, &png[type], size + 4);
    for (unsigned i = 0; i < 4; ++i) png[type + 4 + size + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
    EXPECT_NE(error_of(png), "") << interlaced;
  }
}

// Reads; what a note says, or "".
std::string note_of(const Bytes& bytes) {
  ImageFacts facts;
  ImageReader(kMaxPixels).decode({}, bytes, facts);
  return facts.notes.empty() ? "" : facts.notes[0];
}

TEST(Png, AWrongChecksumOfTextIsANoteAndItsPixelsAreRead) {
  const Picture picture = draw_picture(20, 11, 3);
  for (const bool interlaced : {false, true}) {  // own code, libpng
    Bytes png = test::write_png(20, 11, picture.bytes, {.interlaced = interlaced});
    const Bytes text = {0, 0, 0, 4, 't', 'E', 'X', 't', 'a', 0, 'b', 'c', 1, 2, 3, 4};
    png.insert(png.begin() + 33, text.begin(), text.end());
    expect_equal(decode(png), picture);
    EXPECT_THAT(note_of(png), testing::HasSubstr("tEXt chunk is damaged"));
  }
}

// A JPEG with restart markers after every row of blocks.
Bytes jpeg_with_restarts(const Picture& picture) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* data = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): libjpeg's type
  jpeg_mem_dest(&jpeg, &data, &size);
  jpeg.image_width = static_cast<JDIMENSION>(picture.width);
  jpeg.image_height = static_cast<JDIMENSION>(picture.height);
  jpeg.input_components = picture.channels;
  jpeg.in_color_space = picture.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg.restart_in_rows = 1;
  jpeg_start_compress(&jpeg, TRUE);
  for (int y = 0; y < picture.height; ++y) {
    JSAMPROW row = const_cast<JSAMPROW>(picture.view().row(y));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  Bytes out(data, data + size);
  jpeg_destroy_compress(&jpeg);
  std::free(data);
  return out;
}

std::size_t find_marker(const Bytes& bytes, std::uint8_t marker) {
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    if (bytes[i] == 0xff && bytes[i + 1] == marker) return i;
  }
  return bytes.size();
}

TEST(Jpeg, StrayBytesThatHurtNoPixelAreANote) {
  const Picture picture = draw_picture(80, 60, 3);
  const Bytes jpeg = jpeg_with_restarts(picture);
  const Picture expected = decode(jpeg);
  EXPECT_EQ(note_of(jpeg), "");
  // Before a table, before a restart marker, before the end.
  for (const std::uint8_t marker : {0xdb, 0xd0, 0xd1, 0xd9}) {
    Bytes stray = jpeg;
    const Bytes junk(20, 0x12);  // libjpeg drops as many as its bit buffer holds without a word
    stray.insert(stray.begin() + static_cast<std::ptrdiff_t>(find_marker(jpeg, marker)), junk.begin(), junk.end());
    SCOPED_TRACE(int{marker});
    expect_equal(decode(stray), expected);
    EXPECT_THAT(note_of(stray), testing::HasSubstr("stray bytes"));
  }
}

TEST(Jpeg, MostDamageThatLeavesBytesOverDoesNotPassForStrayBytes) {
  const Bytes jpeg = jpeg_with_restarts(draw_picture(80, 60, 3));
  const std::size_t begin = find_marker(jpeg, 0xda) + 14, end = jpeg.size() - 2;
  int refused = 0, accepted = 0;
  for (std::size_t at = begin; at < end; ++at) {
    for (const int bit : {0, 3, 6}) {
      Bytes damaged = jpeg;
      damaged[at] ^= static_cast<std::uint8_t>(1U << static_cast<unsigned>(bit));
      try {
        accepted += note_of(damaged).empty() ? 0 : 1;
      } catch (const ImageError& error) {
        refused += std::string(error.what()).find("do not end where they should") != std::string::npos ? 1 : 0;
      }
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_LT(accepted * 10, refused) << "one in ten";
}

TEST(Jpeg, IsTheSameInMemoryThatIsUsedAgainOrTooSmall) {
  const Picture small = draw_picture(40, 30, 3);
  Picture noise = draw_picture(300, 200, 3);
  std::uint32_t random = 1;
  for (auto& byte : noise.bytes) byte = static_cast<std::uint8_t>((random = random * 1664525U + 1013904223U) >> 24U);
  Bytes memory;
  for (int turn = 0; turn < 4; ++turn) {
    const Picture& picture = turn % 2 == 0 ? small : noise;
    const auto jpeg = encode_jpeg(picture.view(), 95, memory);
    EXPECT_EQ(Bytes(jpeg.begin(), jpeg.end()), encode_jpeg(picture.view(), 95));
  }
  EXPECT_GT(memory.size(), noise.bytes.size() / 16 + 4096);
}

TEST(Jpeg, WhatIsWrittenIsReadBackNearly) {
  for (const int channels : {1, 3}) {
    Picture picture{64, 48, channels, {}};
    for (int i = 0; i < 64 * 48 * channels; ++i)
      picture.bytes.push_back(static_cast<std::uint8_t>(i / (64 * channels) * 4));
    const Bytes jpeg = encode_jpeg(picture.view(), 95);
    EXPECT_EQ(jpeg, encode_jpeg(picture.view(), 95));
    const Picture got = decode(jpeg);
    ASSERT_EQ(got.bytes.size(), picture.bytes.size());
    EXPECT_EQ(got.channels, channels);
    for (std::size_t i = 0; i < got.bytes.size(); ++i) ASSERT_NEAR(got.bytes[i], picture.bytes[i], 4);
  }
}

TEST(Webp, LosslessPixelsAreReadAsTheyAreWithoutAlpha) {
  const Picture rgb = draw_picture(33, 21, 3);
  expect_equal(decode(test::write_webp_lossless(rgb)), rgb);
  Picture rgba{33, 21, 4, {}};
  for (std::size_t i = 0; i < rgb.bytes.size(); i += 3) {
    rgba.bytes.insert(rgba.bytes.end(), {rgb.bytes[i], rgb.bytes[i + 1], rgb.bytes[i + 2], 200});
  }
  expect_equal(decode(test::write_webp_lossless(rgba)), rgb);
}

TEST(Bmp, IsReadInEveryDepthAndBothOrders) {
  for (const bool top_down : {false, true}) {
    const Picture rgb = draw_picture(33, 21, 3);
    expect_equal(decode(test::write_bmp(rgb, 24, top_down)), rgb);
    expect_equal(decode(test::write_bmp(rgb, 32, top_down)), rgb);
    const Picture grey = draw_picture(33, 21, 1);
    const Picture got = decode(test::write_bmp(grey, 8, top_down));
    ASSERT_EQ(got.channels, 3);
    for (std::size_t i = 0; i < grey.bytes.size(); ++i) EXPECT_EQ(got.bytes[3 * i + 1], grey.bytes[i]);
  }
}

TEST(Pnm, EveryKindIsScaledFromItsFullRange) {
  expect_equal(decode(to_bytes("P1\n# a comment\n3 2\n0 1 0\n111")), {3, 2, 1, {255, 0, 255, 0, 0, 0}});
  expect_equal(decode(to_bytes("P2 2 2 15 0 15 7 1")), {2, 2, 1, {0, 255, 119, 17}});
  expect_equal(decode(to_bytes("P3 1 1 1000 1000 500 0")), {1, 1, 3, {255, 128, 0}});
  expect_equal(decode(to_bytes("P4 3 1\n\x40")), {3, 1, 1, {255, 0, 255}});
  expect_equal(decode(to_bytes("P5\n2 1\n255\nAB")), {2, 1, 1, {'A', 'B'}});
  expect_equal(decode(to_bytes("P6\n1 1\n255\nABC")), {1, 1, 3, {'A', 'B', 'C'}});
  expect_equal(decode({'P', '5', ' ', '2', ' ', '1', ' ', '6', '5', '5', '3', '5', '\n', 0xff, 0xff, 0x01, 0x81}),
               {2, 1, 1, {255, 1}});
  EXPECT_NE(error_of(to_bytes("P5 1 1 3\n\x04")), "");
}

TEST(Tiff, EveryFormIsRead) {
  const int width = 45;
  const int height = 33;
  int forms = 0;
  for (const int bits : {8, 16}) {
    for (const int samples : {1, 2, 3, 4}) {
      for (const std::uint16_t photometric :
           {PHOTOMETRIC_MINISBLACK, PHOTOMETRIC_MINISWHITE, PHOTOMETRIC_RGB, PHOTOMETRIC_PALETTE}) {
        if ((photometric == PHOTOMETRIC_RGB) != (samples >= 3)) continue;
        if (photometric == PHOTOMETRIC_PALETTE && (bits == 16 || samples > 1)) continue;
        for (const std::uint16_t planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE}) {
          for (const std::uint16_t compression :
               {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS}) {
            for (const bool tiled : {false, true}) {
              for (const bool big_endian : {false, true}) {
                std::vector<std::uint16_t> values;
                for (const std::uint8_t value : draw_picture(width, height, samples).bytes) {
                  values.push_back(static_cast<std::uint16_t>(bits == 8 ? value : value * 251 + 77));
                }
                const Bytes tiff = test::write_tiff(
                    width, height, values, {bits, samples, photometric, planar, compression, tiled, big_endian});
                Picture expected{width, height, samples < 3 ? 1 : 3, {}};
                if (photometric == PHOTOMETRIC_PALETTE) expected.channels = 3;
                for (std::size_t i = 0; i < values.size(); i += static_cast<std::size_t>(samples)) {
                  if (photometric == PHOTOMETRIC_PALETTE) {
                    const int v = values[i];
                    expected.bytes.insert(expected.bytes.end(),
                                          {static_cast<std::uint8_t>(v), static_cast<std::uint8_t>(255 - v),
                                           static_cast<std::uint8_t>(v * 3 % 256)});
                    continue;
                  }
                  for (int c = 0; c < expected.channels; ++c) {
                    const double value = values[i + static_cast<std::size_t>(c)];
                    const int eight = bits == 8 ? static_cast<int>(value) : static_cast<int>(value * 255 / 65535 + 0.5);
                    expected.bytes.push_back(
                        static_cast<std::uint8_t>(photometric == PHOTOMETRIC_MINISWHITE ? 255 - eight : eight));
                  }
                }
                SCOPED_TRACE(testing::Message()
                             << bits << " bits, " << samples << " samples, photometric " << photometric << " planar "
                             << planar << " compression " << compression << " tiled " << tiled);
                expect_equal(decode(tiff), expected);
                ++forms;
              }
            }
          }
        }
      }
    }
  }
  EXPECT_GT(forms, 200);
}

// One small picture of each format.
std::vector<std::pair<std::string, Bytes>> one_of_each() {
  const Picture rgb = draw_picture(20, 11, 3);
  std::vector<std::uint16_t> values(rgb.bytes.begin(), rgb.bytes.end());
  return {{"png", encode_png(rgb.view())},
          {"interlaced png", test::write_png(20, 11, rgb.bytes, {.interlaced = true})},
          {"jpeg", encode_jpeg(rgb.view())},
          {"grey jpeg", encode_jpeg(draw_picture(20, 11, 1).view())},
          {"tiff", test::write_tiff(20, 11, values, {})},
          {"lzw tiff", test::write_tiff(20, 11, values, {.compression = COMPRESSION_LZW})},
          {"webp", test::write_webp_lossless(rgb)},
          {"bmp", test::write_bmp(rgb, 24)},
          {"pnm", to_bytes("P6 2 2 255\nabcdefghijkl")}};
}

TEST(EveryFormat, CutShortAnywhereIsAFailure) {
  for (const auto& [name, bytes] : one_of_each()) {
    // Of a TIFF, what comes last may be a tag's value that does not matter: its pixels lie before.
    const std::size_t longest = bytes.size();
    for (std::size_t size = 0; size < longest; ++size) {
      EXPECT_NE(error_of({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}), "")
          << name << " cut to " << size << " of " << bytes.size() << " bytes";
    }
  }
}

TEST(EveryFormat, BytesAfterTheEndDoNotMatter) {
  for (auto [name, bytes] : one_of_each()) {
    const Picture expected = decode(bytes);
    bytes.insert(bytes.end(), 100, 0x5a);
    SCOPED_TRACE(name);
    expect_equal(decode(bytes), expected);
  }
}

TEST(EveryFormat, DamagedBytesNeverDoMoreThanFail) {
  std::uint32_t random = 7;
  for (const auto& [name, bytes] : one_of_each()) {
    for (int round = 0; round < 2000; ++round) {
      Bytes damaged = bytes;
      for (int flips = 1 + round % 4; flips > 0; --flips) {
        random = random * 1664525U + 1013904223U;
        damaged[(random >> 8U) % damaged.size()] ^= static_cast<std::uint8_t>(1U << (random & 7U));
      }
      error_of(damaged, 10'000);
    }
  }
}

TEST(EveryFormat, MorePixelsThanAllowedAreRefusedWithTheReason) {
  for (const auto& [name, bytes] : one_of_each()) {
    if (name == "pnm") continue;
    EXPECT_EQ(error_of(bytes, 220), "") << name;
    EXPECT_THAT(error_of(bytes, 219), testing::HasSubstr("20x11 pixels are more than --max-pixels 219")) << name;
  }
}

TEST(ImageReader, RefusesADecompressionBombBeforeItsPixelsAreDecoded) {
  Bytes png = encode_png(draw_picture(8, 8, 3).view());
  const std::uint8_t side[] = {0, 0, 0x75, 0x30};  // 30000
  std::copy(side, side + 4, &png[16]);
  std::copy(side, side + 4, &png[20]);
  const std::uint32_t crc = libdeflate_crc32(0, &png[12], 17);
  for (unsigned i = 0; i < 4; ++i) png[29 + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
  EXPECT_THAT(error_of(png, 100'000'000), testing::HasSubstr("too large"));
  EXPECT_THAT(error_of(png, 1'000'000'000), testing::HasSubstr("too little data"));
}

TEST(ImageReader, SaysWhatIsNoPicture) {
  EXPECT_THAT(error_of({}), testing::HasSubstr("empty"));
  EXPECT_THAT(error_of(to_bytes("Dear diary, this is not a picture.")), testing::HasSubstr("not a picture"));
}

TEST(ImageReader, ReadsAFileOnceAndTellsItsSha256) {
  const Picture picture = draw_picture(30, 20, 3);
  const Bytes png = encode_png(picture.view());
  FrameInfo info;
  info.index = 7;
  info.source = "f07.jpg";  // a name that lies
  const Frame encoded = file_frame(png, info);
  ImageReader reader(kMaxPixels);
  std::string sha256;
  for (int attempt = 0; attempt < 2; ++attempt) {  // the file's offset has moved: a retry does not mind
    ::lseek(encoded.file()->descriptor(), 5, SEEK_SET);
    const Frame frame = reader.read(encoded, sha256);
    EXPECT_EQ(frame.info().index, 7);
    EXPECT_EQ(frame.info().source, "f07.jpg");
    EXPECT_EQ(frame.pixels().row(19)[29 * 3], picture.bytes[(19 * 30 + 29) * 3]);
    EXPECT_EQ(sha256, sha256_hex(png));
  }
}

TEST(ImageReader, GivesAFrameThatHasPixelsBackAsItIs) {
  const Picture picture = draw_picture(3, 3, 1);
  const Frame frame = Frame::copy_pixels({}, picture.view());
  std::string sha256 = "old";
  EXPECT_EQ(ImageReader(kMaxPixels).read(frame, sha256).pixels().data, frame.pixels().data);
  EXPECT_EQ(sha256, "");
}

TEST(ImageReader, TellsTheSha256OfWhatItCannotDecode) {
  const Bytes text = to_bytes("text");
  std::string sha256;
  EXPECT_THROW(ImageReader(kMaxPixels).read(file_frame(text), sha256), ImageError);
  EXPECT_EQ(sha256, sha256_hex(text));
}

TEST(ImageReader, RefusesWhatIsNoRegularFile) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const OpenFile writing(ends[1]);
  std::string sha256;
  EXPECT_THROW(ImageReader(kMaxPixels).read(Frame::from_file({}, std::make_shared<OpenFile>(ends[0])), sha256),
               ImageError);
  const int zero = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
  EXPECT_THROW(ImageReader(kMaxPixels).read(Frame::from_file({}, std::make_shared<OpenFile>(zero)), sha256),
               ImageError);
  EXPECT_THROW(ImageReader(kMaxPixels).read(file_frame({}), sha256), ImageError);
}

TEST(ImageReader, UsesTheMemoryOfAFrameThatIsGoneAgain) {
  const Bytes png = encode_png(draw_picture(30, 20, 3).view());
  ImageReader reader(kMaxPixels);
  const std::uint8_t* first = nullptr;
  {
    const Frame frame = reader.decode({}, png);
    const Frame copy = frame;
    first = copy.pixels().data;
    EXPECT_NE(reader.decode({}, png).pixels().data, first) << "memory in use was given out again";
  }
  bool again = false;
  for (int i = 0; i < 3; ++i) again |= reader.decode({}, png).pixels().data == first;
  EXPECT_TRUE(again);
}

TEST(ImageReader, MayGoBeforeItsFrames) {
  Frame frame;
  {
    ImageReader reader(kMaxPixels);
    frame = reader.decode({}, encode_png(draw_picture(30, 20, 3).view()));
  }
  EXPECT_EQ(frame.pixels().row(0)[0], draw_picture(30, 20, 3).bytes[0]);
  std::thread([held = std::move(frame)]() mutable { held = Frame(); }).join();
}

TEST(Shrink, IsTheMeanOfEachBox) {
  const Picture picture{3, 2, 1, {10, 20, 31, 30, 40, 50}};
  const Thumbnail small = shrink(picture.view(), 2);
  EXPECT_EQ(small.width, 2);
  EXPECT_EQ(small.height, 1);
  EXPECT_THAT(small.bytes, testing::ElementsAre(25, 41));
  EXPECT_EQ(shrink(picture.view(), 3).bytes, picture.bytes);
}

TEST(HasImageSuffix, GoesByTheSuffixInAnyCase) {
  for (const char* const name : {"a.png", "a.PNG", "x.y.Jpeg", "a.tif", "a.webp", "a.bmp", "a.pgm"}) {
    EXPECT_TRUE(has_image_suffix(name)) << name;
  }
  for (const char* const name : {"a", ".png", "a.txt", "png", "a.png.bak", ""})
    EXPECT_FALSE(has_image_suffix(name)) << name;
}

TEST(Sha256, IsThatOfTheStandard) {
  EXPECT_EQ(sha256_hex(to_bytes("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace capillaryx
