// SPDX-License-Identifier: Apache-2.0
#include "source/frame_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "image/image.h"

namespace capillaryx {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A stream that gives its bytes in parts of at most `part`.
FrameStream stream_of(const std::string& bytes, std::size_t part = 1000, std::int64_t max_pixels = 1000) {
  return {[bytes, part, at = std::size_t{0}](std::uint8_t* to, std::size_t size) mutable {
            const std::size_t count = std::min({size, part, bytes.size() - at});
            std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, to);
            at += count;
            return count;
          },
          max_pixels};
}

std::vector<int> values_of(const FrameStream::Pixels& pixels) {
  const PixelView& view = pixels.view;
  return {view.data, view.data + view.stride_bytes * view.height};
}

// The values of each frame, and the error that ended it ("" for a clean end).
std::pair<std::vector<std::vector<int>>, std::string> read_all(FrameStream stream) {
  std::vector<std::vector<int>> frames;
  try {
    while (const auto pixels = stream.next()) frames.push_back(values_of(*pixels));
  } catch (const ImageError& error) {
    EXPECT_FALSE(stream.next()) << "a stream has ended after an error";
    return {frames, error.what()};
  }
  EXPECT_FALSE(stream.next());
  return {frames, ""};
}

const std::string kThreePnm = std::string("P5\n2 1\n255\nab") + "P6 1 1 255\nxyz" + "P5 1 1 65535\n\xff\xff";

TEST(FrameStream, ReadsPnmFramesOneAfterAnother) {
  for (const std::size_t part : {1, 2, 3, 1000}) {
    const auto [frames, error] = read_all(stream_of(kThreePnm, part));
    EXPECT_EQ(error, "");
    EXPECT_THAT(frames, ElementsAre(ElementsAre('a', 'b'), ElementsAre('x', 'y', 'z'), ElementsAre(255)));
  }
}

TEST(FrameStream, KeepsTheFramesBeforeATear) {
  const auto [frames, error] = read_all(stream_of(kThreePnm.substr(0, kThreePnm.size() - 1)));
  EXPECT_THAT(frames, testing::SizeIs(2));
  EXPECT_THAT(error, HasSubstr("truncated"));
}

TEST(FrameStream, KeepsTheFramesBeforeGarbage) {
  const auto [frames, error] = read_all(stream_of(kThreePnm + "garbage"));
  EXPECT_THAT(frames, testing::SizeIs(3));
  EXPECT_THAT(error, HasSubstr("neither Y4M nor PPM/PGM"));
}

TEST(FrameStream, PassesOverFramesWithoutLosingItsPlace) {
  FrameStream stream = stream_of(kThreePnm);
  EXPECT_TRUE(stream.next(true)->view.empty());
  EXPECT_TRUE(stream.next(true)->view.empty());
  EXPECT_THAT(values_of(*stream.next()), ElementsAre(255));
}

TEST(FrameStream, RefusesFramesThatAreTooLargeBeforeReadingThem) {
  EXPECT_THAT(read_all(stream_of("P5 40 40 255\n")).second, HasSubstr("more than --max-pixels 1000"));
  EXPECT_THAT(read_all(stream_of("YUV4MPEG2 W40 H40 F25:1\nFRAME\n")).second, HasSubstr("more than --max-pixels 1000"));
  EXPECT_THAT(read_all(stream_of("P5 999999999 999999999 255\n")).second, HasSubstr("more than --max-pixels"));
}

TEST(FrameStream, RefusesWhatIsNoStreamOfFrames) {
  for (const char* const text :
       {"hello", "\x89PNG\r\n", "P7\n", "P3 1 1 255 1 2 3", "P5 x", "P5 1 1 0\n", "P5 1 1 65536\n", "P5 0 1 255\n",
        "YUV4MPEG", "YUV4MPEG2 W4 H\n", "YUV4MPEG2 W4 H4 C4321\nFRAME\n", "YUV4MPEG2 H4\n"}) {
    EXPECT_NE(read_all(stream_of(text)).second, "") << text;
  }
  EXPECT_THAT(read_all(stream_of("P5 #" + std::string(100'000, 'x'))).second, HasSubstr("does not end"));
  EXPECT_THAT(read_all(stream_of("YUV4MPEG2 " + std::string(100'000, 'x'))).second, HasSubstr("does not end"));
}

TEST(FrameStream, AnEmptyStreamHasNoFrame) {
  EXPECT_EQ(read_all(stream_of("")).second, "");
  EXPECT_EQ(read_all(stream_of("YUV4MPEG2 W4 H4 F25:1\n")).second, "");
}

// White, black, and the primary colours of BT.601 in limited range.
TEST(FrameStream, TurnsY4mIntoRgb) {
  const std::string header = "YUV4MPEG2 W5 H1 F30000:1001 Ip A1:1 C444 XYSCSS=444\n";
  const std::string frame =
      std::string("FRAME Ixyz\n") + "\xeb\x10\x51\x91\x29" + "\x80\x80\x5a\x36\xf0" + "\x80\x80\xf0\x22\x6e";
  FrameStream stream = stream_of(header + frame + frame);
  const auto first = stream.next();
  ASSERT_TRUE(first);
  const std::vector<int> expected = {255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255};
  const std::vector<int> got = values_of(*first);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1) << i;
  EXPECT_DOUBLE_EQ(first->time_s.value(), 0);
  EXPECT_DOUBLE_EQ(stream.next()->time_s.value(), 1001.0 / 30000);
  EXPECT_FALSE(stream.next());
}

TEST(FrameStream, ReadsEveryY4mColourSpaceInItsOwnSize) {
  const auto bytes_of = [](const std::string& colors, std::size_t size) {
    FrameStream stream = stream_of("YUV4MPEG2 W5 H3 C" + colors + "\nFRAME\n" + std::string(size, '\x80') + "FRAME\n" +
                                   std::string(size, '\x80'));
    std::size_t values = 0;
    while (const auto pixels = stream.next()) values += values_of(*pixels).size();
    return values;
  };
  EXPECT_EQ(bytes_of("mono", 15), 30U);
  EXPECT_EQ(bytes_of("mono16", 30), 30U);
  EXPECT_EQ(bytes_of("420jpeg", 15 + 2 * 6), 90U);
  EXPECT_EQ(bytes_of("420mpeg2", 15 + 2 * 6), 90U);
  EXPECT_EQ(bytes_of("420paldv", 15 + 2 * 6), 90U);
  EXPECT_EQ(bytes_of("420", 15 + 2 * 6), 90U);
  EXPECT_EQ(bytes_of("420p10", 2 * (15 + 2 * 6)), 90U);
  EXPECT_EQ(bytes_of("422", 15 + 2 * 9), 90U);
  EXPECT_EQ(bytes_of("422p12", 2 * (15 + 2 * 9)), 90U);
  EXPECT_EQ(bytes_of("411", 15 + 2 * 6), 90U);
  EXPECT_EQ(bytes_of("410", 15 + 2 * 2), 90U);
  EXPECT_EQ(bytes_of("444", 3 * 15), 90U);
  EXPECT_EQ(bytes_of("444p16", 6 * 15), 90U);
  EXPECT_EQ(bytes_of("444alpha", 4 * 15), 90U);
}

TEST(FrameStream, GreyOfLimitedAndOfFullRange) {
  const std::string limited = "YUV4MPEG2 W3 H1 Cmono\nFRAME\n\x10\x7e\xeb";
  EXPECT_THAT(read_all(stream_of(limited)).first, ElementsAre(ElementsAre(0, 128, 255)));
  const std::string full = "YUV4MPEG2 W3 H1 Cmono XCOLORRANGE=FULL\nFRAME\n\x10\x7e\xeb";
  EXPECT_THAT(read_all(stream_of(full)).first, ElementsAre(ElementsAre(16, 126, 235)));
}

TEST(FrameStream, StreamsOfY4mMayFollowOneAnother) {
  const auto [frames, error] =
      read_all(stream_of("YUV4MPEG2 W1 H1 Cmono XCOLORRANGE=FULL\nFRAME\naFRAME\nb"
                         "YUV4MPEG2 W2 H1 Cmono XCOLORRANGE=FULL\nFRAME\ncd"));
  EXPECT_EQ(error, "");
  EXPECT_THAT(frames, ElementsAre(ElementsAre('a'), ElementsAre('b'), ElementsAre('c', 'd')));
}

}  // namespace
}  // namespace capillaryx
