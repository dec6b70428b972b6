// SPDX-License-Identifier: Apache-2.0
#include "source/video_listing.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "source/test_folder.h"

namespace capillaryx {
namespace {

constexpr const char* kHeader =
    "#software: Lavf59.27.100\n#tb 0: 1/1000\n#media_type 0: video\n#codec_id 0: h264\n#dimensions 0: 256x192\n"
    "#sar 0: 16/15\n";

VideoListing list(const std::string& text) {
  VideoListing listing;
  for (const char c : text) listing.add({&c, 1});
  listing.finish();
  return listing;
}

TEST(VideoListing, CountsFramesAndTheirTimes) {
  const VideoListing listing = list(std::string(kHeader) +
                                    "0,          0,         80,       40,     1607, 0xc14fbc9b\n"
                                    "0,         40,        120,       40,      141, 0xb1bc44b3\n"
                                    "0,         80,        200,       40,        0, 0x00000000\n"
                                    "0,         80,        160,       40,      218, 0xa0f168be\n");
  EXPECT_EQ(listing.coded_frames(), 3) << "a frame of no bytes is none";
  EXPECT_TRUE(listing.coding().all_key);
  EXPECT_EQ(listing.width(), 256);
  EXPECT_EQ(listing.height(), 192);
  EXPECT_EQ(listing.pixel_shape(), "16:15");
  EXPECT_DOUBLE_EQ(listing.fps().value(), 25);
  EXPECT_DOUBLE_EQ(listing.time_s(0).value(), 0.08);
  EXPECT_DOUBLE_EQ(listing.time_s(2).value(), 0.16);
  EXPECT_FALSE(listing.time_s(3));
}

TEST(VideoListing, TellsPredictedFramesAndHowManyTheDecoderHoldsBack) {
  const VideoListing listing =
      list("0, 0, 0, 1, 9, 0x1\n0, 1, 3, 1, 9, 0x1, F=0x0\n0, 2, 1, 1, 9, 0x1, F=0x0\n0, 3, 2, 1, 9, 0x1, F=0x0\n");
  EXPECT_FALSE(listing.coding().all_key);
  EXPECT_EQ(listing.coding().reorder, 1);
  const VideoListing unknown = list("0, 0, -9223372036854775808, 1, 9, 0x1\n0, 1, 1, 1, 9, 0x1, F=0x0\n");
  EXPECT_EQ(unknown.coding().reorder, 16);
  EXPECT_FALSE(unknown.fps());
  EXPECT_FALSE(unknown.time_s(0));
}

TEST(VideoListing, NonsenseIsNoFrame) {
  const VideoListing listing = list("#tb 0: 0/0\n#dimensions 0: ax-3\n#sar 0: 1/1\n,,,,\n0,0,0\nhello\n");
  EXPECT_EQ(listing.coded_frames(), 0);
  EXPECT_EQ(listing.pixel_shape(), "");
}

std::string little_endian(unsigned number) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(number >> 8 * i & 0xffU);
  return bytes;
}

ContainerCheck check(const std::string& bytes, std::int64_t frames) {
  const test::TestFolder folder;
  const OpenFile file(::open(folder.write("video", bytes).c_str(), O_RDONLY | O_CLOEXEC));
  return check_container(file, frames);
}

TEST(CheckContainer, ComparesAnAviWithItsHeader) {
  const std::string header = "AVI LIST" + std::string(60, 'x') + "strh" + little_endian(56) + "vidsMJPG" +
                             std::string(24, '\0') + little_endian(6);
  const std::string whole =
      "RIFF" + little_endian(static_cast<unsigned>(header.size() + 100)) + header + std::string(100, 'f');
  EXPECT_EQ(check(whole, 6).missing, "");
  EXPECT_EQ(check(whole, 6).note, "");
  EXPECT_EQ(check(whole, 3).note, "the file's header says 6 frames, the file holds 3");
  EXPECT_THAT(check(whole.substr(0, whole.size() - 40), 3).missing, testing::HasSubstr("the file is truncated"));
}

TEST(CheckContainer, ComparesAnIvfWithItsHeader) {
  const std::string header = "DKIF" + std::string(20, '\0') + little_endian(10) + little_endian(0);
  EXPECT_EQ(check(header, 10).note, "");
  EXPECT_THAT(check(header, 9).note, testing::HasSubstr("says 10 frames"));
}

TEST(CheckContainer, SaysNothingOfOtherFiles) {
  EXPECT_EQ(check("", 0).missing, "");
  EXPECT_EQ(check(std::string(100, 'x'), 0).note, "");
}

TEST(IsFullRangeGrey, GoesByTheStreamsPixelFormat) {
  EXPECT_TRUE(is_full_range_grey("Stream #0:0: Video: ffv1 (FFV1 / 0x31564646), gray16le(pc, progressive), 64x48"));
  EXPECT_TRUE(is_full_range_grey("Stream #0:0: Video: rawvideo (Y800 / 0x30303859), gray, 64x48"));
  EXPECT_FALSE(is_full_range_grey("Stream #0:0: Video: h264 (High), gray(tv, progressive), 64x48"));
  EXPECT_FALSE(is_full_range_grey("Stream #0:0: Video: h264 (High), yuv420p(tv, progressive), 64x48"));
}

}  // namespace
}  // namespace capillaryx
