// SPDX-License-Identifier: Apache-2.0
// Files with several pictures, value ranges and scales.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "image/picture_stack.h"
#include "image/tiff_writer_test.h"

namespace capillaryx {
namespace {

using test::Bytes;
using test::put_little;
using test::TiffPage;
using test::write_pages;
using ::testing::Contains;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kWidth = 6, kHeight = 4, kPixels = kWidth * kHeight;
using Range = std::array<double, 2>;

Bytes grey8(int value) { return Bytes(kPixels, static_cast<std::uint8_t>(value)); }

// A ramp from 0 to `highest`.
std::vector<double> ramp(double lowest, double highest) {
  std::vector<double> values;
  for (int i = 0; i < kPixels; ++i) values.push_back(lowest + (highest - lowest) * i / (kPixels - 1));
  return values;
}

Bytes stored(const std::vector<double>& values, int bits, bool floating = false) {
  Bytes bytes;
  for (const double value : values) {
    const std::uint32_t raw = floating ? std::bit_cast<std::uint32_t>(static_cast<float>(value))
                                       : static_cast<std::uint32_t>(static_cast<std::int64_t>(value));
    put_little(bytes, raw, bits / 8);
  }
  return bytes;
}

// A stack and the bytes that it reads from.
class Opened {
 public:
  explicit Opened(Bytes bytes)
      : bytes_(std::make_unique<Bytes>(std::move(bytes))), stack_(open_stack(ByteSource(*bytes_), 1'000'000)) {}
  PictureStack* operator->() const { return stack_.get(); }
  PictureStack& operator*() const { return *stack_; }

 private:
  std::unique_ptr<Bytes> bytes_;
  std::unique_ptr<PictureStack> stack_;
};

Opened open(Bytes bytes) { return Opened(std::move(bytes)); }

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
  for (int y = 0; y < view.height; ++y) {
    for (int x = 0; x < view.width * view.channels; ++x) read.pixels.push_back(view.row(y)[x]);
  }
  return read;
}

std::vector<int> first_pixel(PictureStack& stack, std::int64_t page) {
  const auto pool = BufferPool::make();
  DecoderMemory memory;
  ImageFacts facts;
  PixelTarget target(*pool, 1'000'000);
  Decoding decoding{target, memory, facts, std::nullopt};
  stack.read(page, decoding);
  const PixelView& view = target.view();
  return {view.data, view.data + view.channels};
}

std::vector<int> eight_bits(const std::vector<double>& values, const Range& range) {
  std::vector<int> pixels;
  for (const double value : values) {
    pixels.push_back(static_cast<int>(std::floor((std::floor(value) - range[0]) * 255 / (range[1] - range[0]) + 0.5)));
  }
  return pixels;
}

TEST(ValueRange, IsTheSmallestUsualOneThatHoldsTheValuesOfAFileThatSaysNothing) {
  for (const auto& [highest, expected] : std::vector<std::pair<double, double>>{
           {200, 255}, {256, 1023}, {1000, 1023}, {1024, 4095}, {4095, 4095}, {16000, 16383}, {16384, 65535}}) {
    const std::vector<double> values = ramp(0, highest);
    const Read read = decode(write_pages({TiffPage(kWidth, kHeight, 16, 1, stored(values, 16))}));
    EXPECT_EQ(read.facts.value_range, (Range{0, expected})) << highest;
    EXPECT_EQ(read.pixels, eight_bits(values, {0, expected})) << highest;
  }
}

TEST(ValueRange, IsTheOneThatTheFileStates) {
  const Bytes values = stored(ramp(0, 900), 16);
  EXPECT_EQ(decode(write_pages({TiffPage(kWidth, kHeight, 16, 1, values).tag(281, 3, {4095})})).facts.value_range,
            (Range{0, 4095}));
  const Read imagej = decode(
      write_pages({TiffPage(kWidth, kHeight, 16, 1, values).text("ImageJ=1.53\nimages=1\nmin=100.0\nmax=500.0\n")}));
  EXPECT_EQ(imagej.facts.value_range, (Range{100, 500}));
  EXPECT_THAT(imagej.facts.notes, Contains(HasSubstr("ImageJ's display range")));
  EXPECT_THAT(imagej.facts.notes, Contains(HasSubstr("lie outside of the range")));
}

TEST(ValueRange, IsTheValuesOwnIfTheStatedOneDoesNotHoldThem) {
  const Read read =
      decode(write_pages({TiffPage(kWidth, kHeight, 16, 1, stored(ramp(0, 4000), 16)).tag(281, 3, {255})}));
  EXPECT_EQ(read.facts.value_range, (Range{0, 4095}));
  EXPECT_THAT(read.facts.notes, Contains(HasSubstr("does not hold them")));
}

TEST(ValueRange, OfSignedWholeAndFloatingPointValuesIsFoundInTheSameWay) {
  const auto range_of = [](int bits, int format, double low, double high) {
    return decode(write_pages({TiffPage(kWidth, kHeight, bits, 1, stored(ramp(low, high), bits, format == 3))
                                   .tag(339, 3, {static_cast<std::uint32_t>(format)})}))
        .facts.value_range;
  };
  EXPECT_EQ(range_of(8, 2, 0, 100), (Range{0, 127}));
  EXPECT_EQ(range_of(8, 2, -100, 100), (Range{-128, 127}));
  EXPECT_EQ(range_of(16, 2, 0, 255), (Range{0, 255}));
  EXPECT_EQ(range_of(16, 2, 0, 30000), (Range{0, 32767}));
  EXPECT_EQ(range_of(16, 2, -32768, 32767), (Range{-32768, 32767}));
  EXPECT_EQ(range_of(32, 1, 0, 4000), (Range{0, 4095}));
  EXPECT_EQ(range_of(32, 2, 0, 70000), (Range{0, 16777215}));
  EXPECT_EQ(range_of(32, 3, 0, 0.9), (Range{0, 1}));
  EXPECT_EQ(range_of(32, 3, 0, 250.5), (Range{0, 255}));
  EXPECT_EQ(range_of(32, 3, 0, 3000.25), (Range{0, 4095}));
  EXPECT_EQ(range_of(32, 3, -2, 6), (Range{-2, 6}));
}

TEST(ValueRange, LeavesEightBitsAsTheyAre) {
  const Read read = decode(write_pages({TiffPage(kWidth, kHeight, 8, 1, grey8(7))}));
  EXPECT_EQ(read.facts.value_range, std::nullopt);
  EXPECT_EQ(read.pixels[0], 7);
  EXPECT_THAT(read.facts.notes, IsEmpty());
}

TEST(ValueRange, IsRefusedToValuesThatAreNoNumbers) {
  std::vector<double> values = ramp(0, 1);
  values[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(decode(write_pages({TiffPage(kWidth, kHeight, 32, 1, stored(values, 32, true)).tag(339, 3, {3})})),
               ImageError);
}

TEST(ValueRange, OfAPngIsThatOfItsSignificantBitsOrItsValues) {
  Bytes raw;
  for (int i = 0; i < kPixels; ++i) {
    raw.push_back(static_cast<std::uint8_t>(i * 40 >> 8));
    raw.push_back(static_cast<std::uint8_t>(i * 40));
  }
  const Bytes png = test::write_png(kWidth, kHeight, raw, {.bit_depth = 16, .color_type = PNG_COLOR_TYPE_GRAY});
  EXPECT_EQ(decode(png).facts.value_range, (Range{0, 1023}));
  Bytes with_bits = png;
  const Bytes chunk = {0, 0, 0, 1, 's', 'B', 'I', 'T', 12};
  const std::uint32_t crc = libdeflate_crc32(0, &chunk[4], 5);
  Bytes whole = chunk;
  for (int shift = 24; shift >= 0; shift -= 8) whole.push_back(static_cast<std::uint8_t>(crc >> shift));
  with_bits.insert(with_bits.begin() + 33, whole.begin(), whole.end());
  EXPECT_EQ(decode(with_bits).facts.value_range, (Range{0, 4095}));
}

TEST(TiffPages, AreFramesInTheirOrder) {
  const auto stack =
      open(write_pages({TiffPage(kWidth, kHeight, 8, 1, grey8(10)), TiffPage(kWidth, kHeight, 8, 1, grey8(20)),
                        TiffPage(kWidth, kHeight, 8, 1, grey8(30))}));
  EXPECT_EQ(stack->facts().pages, 3);
  EXPECT_THAT(first_pixel(*stack, 2), ElementsAre(30));
  EXPECT_THAT(first_pixel(*stack, 0), ElementsAre(10));
  EXPECT_THROW(first_pixel(*stack, 3), ImageError);
}

TEST(TiffPages, ThatAreReducedOrMasksOrSmallerCopiesAreSkippedAndNoted) {
  const auto small = [] { return TiffPage(3, 2, 8, 1, Bytes(6, 99)); };
  const auto full = [] { return TiffPage(kWidth, kHeight, 8, 1, grey8(10)); };
  const auto thumbnail_first = open(write_pages({small().tag(254, 4, {1}), full()}));
  EXPECT_EQ(thumbnail_first->facts().pages, 1);
  EXPECT_EQ(thumbnail_first->facts().width, kWidth);
  EXPECT_THAT(first_pixel(*thumbnail_first, 0), ElementsAre(10));
  EXPECT_THAT(thumbnail_first->facts().notes, ElementsAre("1 reduced page was skipped"));
  EXPECT_EQ(open(write_pages({full(), full().tag(254, 4, {4})}))->facts().pages, 1);
  const auto pyramid = open(write_pages({full(), small()}));
  EXPECT_EQ(pyramid->facts().pages, 1);
  EXPECT_THAT(pyramid->facts().notes, ElementsAre("1 smaller copy of the picture was skipped"));
  EXPECT_EQ(open(write_pages({full(), full(), small()}))->facts().pages, 3) << "pictures of different sizes";
}

TEST(TiffPages, ThatRunInACircleAreAnError) {
  Bytes bytes = write_pages({TiffPage(kWidth, kHeight, 8, 1, grey8(10))});
  const std::size_t entries = bytes[8];
  bytes[8 + 2 + 12 * entries] = 8;  // the next page is the first
  EXPECT_THROW(open(bytes), ImageError);
}

TEST(ImageJ, ChannelsOfACompositeAreOneColourFrameAndTimesComeFromTheInterval) {
  std::vector<TiffPage> pages;
  for (int i = 0; i < 12; ++i) pages.emplace_back(kWidth, kHeight, 8, 1, grey8(10 * i));
  pages[0]
      .text(
          "ImageJ=1.53\nimages=12\nchannels=3\nslices=2\nframes=2\nhyperstack=true\nmode=composite\nunit=\\u00B5m\n"
          "finterval=0.5\n")
      .tag(282, 5, {2, 1})
      .tag(283, 5, {2, 1});
  const auto stack = open(write_pages(pages));
  EXPECT_EQ(stack->facts().pages, 4);
  EXPECT_THAT(first_pixel(*stack, 1), ElementsAre(30, 40, 50));
  EXPECT_THAT(stack->facts().page_times_s, ElementsAre(0, 0, 0.5, 0.5));
  EXPECT_EQ(stack->facts().scale_um_per_px, 0.5);
  EXPECT_EQ(stack->facts().scale_from, "tiff:imagej");
  EXPECT_THAT(stack->facts().notes, ElementsAre("3 channels are read as red, green and blue"));
}

TEST(ImageJ, AStackWithOneDirectoryIsReadPlaneByPlane) {
  Bytes rest;
  for (int i = 1; i < 5; ++i) {
    const Bytes values = stored(std::vector<double>(kPixels, 1000.0 * i), 16);
    rest.insert(rest.end(), values.begin(), values.end());
  }
  TiffPage page(kWidth, kHeight, 16, 1, stored(ramp(0, 10), 16));
  page.text("ImageJ=1.53\nimages=5\nslices=5\nfinterval=0.04\n");
  const auto stack = open(write_pages({page}, rest));
  EXPECT_EQ(stack->facts().pages, 5);
  EXPECT_THAT(stack->facts().page_times_s, ElementsAre(0, 0.04, 0.08, DoubleEq(0.12), 0.16));
  EXPECT_THAT(first_pixel(*stack, 3), ElementsAre(std::lround(3000 * 255 / 4095.0)));
  rest.resize(rest.size() - 1);
  EXPECT_THROW(open(write_pages({page}, rest)), ImageError) << "truncated";
}

std::string ome(const std::string& pixels, const std::string& inside = "<TiffData/>") {
  return "<?xml version=\"1.0\"?><!-- > --><OME UUID=\"urn:uuid:1\"><Image ID=\"Image:0\"><Pixels " + pixels + ">" +
         inside + "</Pixels></Image></OME>";
}

TEST(Ome, ChannelsAreOneColourFrameInEveryOrderOfDimensions) {
  std::vector<TiffPage> pages;
  for (int i = 0; i < 6; ++i) pages.emplace_back(kWidth, kHeight, 8, 1, grey8(10 * i));
  const auto of_order = [&](const std::string& order) {
    auto copy = pages;
    copy[0].text(ome("DimensionOrder=\"" + order +
                     "\" SizeC=\"3\" SizeZ=\"1\" SizeT=\"2\" TimeIncrement=\"40\" "
                     "TimeIncrementUnit=\"ms\" PhysicalSizeX=\"650\" PhysicalSizeXUnit=\"nm\""));
    return open(write_pages(copy));
  };
  const auto channels_first = of_order("XYCZT"), times_first = of_order("XYTCZ");
  EXPECT_EQ(channels_first->facts().pages, 2);
  EXPECT_THAT(first_pixel(*channels_first, 1), ElementsAre(30, 40, 50));
  EXPECT_THAT(first_pixel(*times_first, 1), ElementsAre(10, 30, 50));
  EXPECT_THAT(channels_first->facts().page_times_s, ElementsAre(0, 0.04));
  EXPECT_THAT(*channels_first->facts().scale_um_per_px, DoubleEq(0.65));
  EXPECT_EQ(channels_first->facts().scale_from, "tiff:ome");
}

TEST(Ome, PlanesAreWhereTheirTiffDataSaysAndTimesAreTheirDeltas) {
  std::vector<TiffPage> pages;
  for (int i = 0; i < 3; ++i) pages.emplace_back(kWidth, kHeight, 16, 1, stored(ramp(0, 100.0 * (i + 1)), 16));
  pages[0].text(
      ome("DimensionOrder=\"XYZCT\" SizeC=\"1\" SizeZ=\"1\" SizeT=\"3\" SignificantBits=\"12\"",
          "<TiffData IFD=\"2\" FirstT=\"0\"/><TiffData IFD=\"0\" FirstT=\"1\"><UUID FileName=\"a\">urn:uuid:1</UUID>"
          "</TiffData><TiffData IFD=\"1\" FirstT=\"2\"><UUID FileName=\"b\">urn:uuid:2</UUID></TiffData>"
          "<Plane TheC=\"0\" TheZ=\"0\" TheT=\"0\" DeltaT=\"1.5\"/><Plane TheC=\"0\" TheZ=\"0\" TheT=\"1\" "
          "DeltaT=\"2.25\"/>"));
  const auto stack = open(write_pages(pages));
  EXPECT_EQ(stack->facts().pages, 2) << "the third is in another file";
  EXPECT_THAT(stack->facts().page_times_s, ElementsAre(1.5, 2.25));
  EXPECT_THAT(stack->facts().notes, Contains(HasSubstr("1 frame that the file names is not in it")));
}

TEST(Scale, ComesFromCentimetresOnlyIfAMicroscopeMayHaveThemAndNeverFromInches) {
  const auto scale_of = [](std::uint32_t unit, std::uint32_t pixels_per_unit, const std::string& text = "") {
    TiffPage page(kWidth, kHeight, 8, 1, grey8(1));
    page.tag(282, 5, {pixels_per_unit, 1}).tag(283, 5, {pixels_per_unit, 1}).tag(296, 3, {unit});
    if (!text.empty()) page.text(text);
    return decode(write_pages({page})).facts.scale_um_per_px;
  };
  EXPECT_EQ(scale_of(3, 10000), 1.0);
  EXPECT_EQ(scale_of(3, 118), std::nullopt) << "300 dots per inch";
  EXPECT_EQ(scale_of(2, 25400), std::nullopt);
  EXPECT_EQ(scale_of(1, 2, "ImageJ=1.53\nunit=pixel\n"), std::nullopt);
  EXPECT_EQ(scale_of(2, 2, "ImageJ=1.53\nunit=inch\n"), std::nullopt);
  EXPECT_EQ(scale_of(1, 2, "ImageJ=1.53\nunit=micron\n"), 0.5);
  EXPECT_EQ(scale_of(1, 2000, "ImageJ=1.53\nunit=mm\n"), 0.5);
}

}  // namespace
}  // namespace capillaryx
