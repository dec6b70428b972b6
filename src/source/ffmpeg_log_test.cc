// SPDX-License-Identifier: Apache-2.0
#include "source/ffmpeg_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace capillaryx {
namespace {

using testing::ElementsAre;

constexpr const char* kOpened =
    "[info] Input #0, matroska,webm, from 'file:/dev/fd/3':\n"
    "[info]   Stream #0:0: Video: ffv1 (FFV1 / 0x31564646), gray16le(pc, top first), 64x48, 25 fps\n"
    "[info] Stream mapping:\n";

// Frame `pts` of 25 a second, as ffmpeg 5.1 writes it.
std::string decoded(int pts, bool key = true) {
  return "[info] decoder -> ist_index:0 type:video frame_pts:" + std::to_string(pts) +
         " frame_pts_time:0 best_effort_ts:" + std::to_string(pts) +
         " best_effort_ts_time:0 keyframe:" + (key ? "1" : "0") + " frame_type:1 time_base:1/25\n";
}
constexpr const char* kRejected =
    "[mjpeg @ 0x5621d6854e40] [error] error dc\n"
    "[error] Error while decoding stream #0:0: Invalid data found when processing input\n";
constexpr const char* kDamaged = "[ffv1 @ 0x11909500] [error] slice CRC mismatch FE6B66AF!at 0.080000 seconds\n";

// "0 ok", "1 ffmpeg: ..." of each page.
std::vector<std::string> pages_of(FfmpegLog& log) {
  std::vector<std::string> pages;
  while (const auto page = log.take_page()) {
    pages.push_back(std::to_string(page->number) + " " + (page->failure.empty() ? "ok" : page->failure));
  }
  return pages;
}

TEST(FfmpegLog, GivesEachDecodedFrameWithItsTime) {
  FfmpegLog log;
  log.add(kOpened + decoded(2) + decoded(3));
  const auto page = log.take_page();
  ASSERT_TRUE(page);
  EXPECT_EQ(page->pts, 2);
  EXPECT_DOUBLE_EQ(page->time_s.value(), 0.08);
  EXPECT_EQ(log.take_page()->decoded, 1);
  EXPECT_EQ(log.take_page(), std::nullopt);
}

TEST(FfmpegLog, ReadsTheLinesOfFfmpeg7) {
  FfmpegLog log;
  log.add(std::string(kOpened) +
          "[vist#0:0/mjpeg @ 0x41425940] [dec:mjpeg @ 0x41438300] [info] decoder -> pts:3 pts_time:0.12 pkt_dts:3 "
          "pkt_dts_time:0.12 duration:1 duration_time:0.04 keyframe:1 frame_type:1 time_base:1/25\n"
          "[vist#0:0/mjpeg @ 0x1] [dec:mjpeg @ 0x2] [error] Error submitting packet to decoder: Invalid data\n");
  const auto page = log.take_page();
  ASSERT_TRUE(page);
  EXPECT_EQ(page->pts, 3);
  EXPECT_DOUBLE_EQ(page->time_s.value(), 0.12);
  EXPECT_THAT(pages_of(log), ElementsAre("1 ffmpeg: Error submitting packet to decoder: Invalid data"));
}

TEST(FfmpegLog, PacketThatGivesNoFrameIsAFailedPageAndTheNextIsNot) {
  FfmpegLog log;
  log.add(kOpened + decoded(0) + kRejected + decoded(2));
  EXPECT_THAT(pages_of(log), ElementsAre("0 ok", "1 ffmpeg: [mjpeg] error dc", "2 ok"));
  EXPECT_EQ(log.unplaced(), "");
}

TEST(FfmpegLog, MessageBeforeAFrameSpoilsThatFrame) {
  FfmpegLog log;
  log.add(kOpened + decoded(0) + kDamaged + decoded(1) + decoded(2) + kDamaged);
  EXPECT_THAT(pages_of(log), ElementsAre("0 ok", "1 ffmpeg: [ffv1] slice CRC mismatch FE6B66AF", "2 ok"));
  EXPECT_EQ(log.unplaced(), "[ffv1] slice CRC mismatch FE6B66AF");
}

TEST(FfmpegLog, DamageSpoilsPredictedFramesUpToTheNextKeyFrame) {
  FfmpegLog log({false, 0});
  log.add(kOpened + decoded(0) + kRejected + decoded(2, false) + decoded(3) + decoded(4, false));
  EXPECT_THAT(pages_of(log), ElementsAre("0 ok", "1 ffmpeg: [mjpeg] error dc",
                                         "2 it is predicted from a frame that is damaged", "3 ok", "4 ok"));
}

TEST(FfmpegLog, KeyFrameThatTheDecoderHeldBackEndsNoDamage) {
  FfmpegLog log({false, 1});
  // The frame that is rejected comes after key frame 1, which is given after it.
  log.add(kOpened + decoded(0, false) + kRejected + decoded(1) + decoded(2, false) + decoded(3) + decoded(4, false));
  EXPECT_THAT(pages_of(log),
              ElementsAre("0 ok", "1 ffmpeg: [mjpeg] error dc", "2 it is predicted from a frame that is damaged",
                          "3 it is predicted from a frame that is damaged", "4 ok", "5 ok"));
}

TEST(FfmpegLog, FramesBeforeTheFirstKeyFrameOfACutStreamDoNotSpoilWhatFollows) {
  FfmpegLog log({false, 4});
  log.add(kOpened + std::string(kRejected) + decoded(1) + decoded(2, false));
  EXPECT_THAT(pages_of(log), ElementsAre("0 ffmpeg: [mjpeg] error dc", "1 ok", "2 ok"));
}

TEST(FfmpegLog, PictureOfARejectedPacketIsNoFrameOfItsOwn) {
  FfmpegLog log({false, 0});
  const std::string untimed =
      "[info] decoder -> ist_index:0 type:video frame_pts:1 frame_pts_time:0.04 "
      "best_effort_ts:-9223372036854775808 best_effort_ts_time:NOPTS keyframe:0 frame_type:2 time_base:1/25\n";
  log.add(kOpened + decoded(0) + kRejected + untimed + decoded(2));
  EXPECT_FALSE(log.take_page()->again);
  EXPECT_FALSE(log.take_page()->again);
  const auto again = log.take_page();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->again);
  EXPECT_EQ(again->decoded, 1);
  EXPECT_THAT(pages_of(log), ElementsAre("2 ok"));
}

TEST(FfmpegLog, MessagesOnTheFileSpoilNoFrame) {
  FfmpegLog log;
  log.add("[matroska,webm @ 0x55efa15fea00] [error] File ended prematurely\n" + (kOpened + decoded(0)) +
          "[in#0/matroska,webm @ 0x1] [error] Error during demuxing: Input/output error\n" + decoded(1));
  EXPECT_THAT(pages_of(log), ElementsAre("0 ok", "1 ok"));
  EXPECT_EQ(log.file_messages(),
            "[matroska,webm] File ended prematurely; [in#0/matroska,webm] Error during demuxing: Input/output error");
}

TEST(FfmpegLog, FramesThatAreDecodedToLookAtTheFileDoNotCount) {
  FfmpegLog log;
  log.add("[h264 @ 0x1] [error] non-existing PPS 0 referenced\n" + (kOpened + decoded(0)));
  EXPECT_THAT(pages_of(log), ElementsAre("0 ok"));
  EXPECT_EQ(log.unplaced(), "");
}

TEST(FfmpegLog, TellsOutputsAndTheStream) {
  FfmpegLog log;
  log.add(std::string(kOpened) +
          "[info]     displaymatrix: rotation of -90.00 degrees\n"
          "[Parsed_showinfo_0 @ 0x1] [info] config in time_base: 1/25, frame_rate: 25/1\n"
          "[Parsed_showinfo_0 @ 0x1] [info] n:   1 pts:  80000 pts_time:0.08    pos:     9860 fmt:gray sar:0/1 "
          "s:256x192 i:P iskey:1 type:I\n");
  const auto output = log.take_output();
  ASSERT_TRUE(output);
  EXPECT_EQ(output->pts, 80'000);
  EXPECT_THAT(output->size, ElementsAre(256, 192));
  EXPECT_EQ(log.take_output(), std::nullopt);
  EXPECT_THAT(log.stream_line(), testing::HasSubstr("gray16le(pc, top first), 64x48"));
  EXPECT_EQ(log.rotation(), -90);
}

TEST(FfmpegLog, TellsOutputsAndChangesOfSizeOfFfmpeg7) {
  FfmpegLog log;
  const std::string before = "[Parsed_metadata_1 @ 0x7f] [info] frame:3    pts:144000  pts_time:0.12\n";
  log.add(kOpened + before + "[Parsed_metadata_1 @ 0x7f] [info] x=1\n" +
          "[vf#0:0 @ 0x4] [info] Reconfiguring filter graph because video parameters changed to yuv420p(unknown, "
          "unknown), 192x128\n" +
          before);
  const auto output = log.take_output();
  ASSERT_TRUE(output);
  EXPECT_EQ(output->pts, 144'000);
  EXPECT_THAT(output->size, ElementsAre(0, 0));
  EXPECT_THAT(log.take_output()->size, ElementsAre(192, 128));
  EXPECT_EQ(log.take_output(), std::nullopt);
}

TEST(FfmpegLog, LinesThatThreadsMixAreTakenApart) {
  FfmpegLog log;
  log.add(kOpened + std::string("    Stream #0:0") + decoded(0).substr(7) +
          "[ffv1 @ 0x1] [error] slice CRC mismatch FE6B66AFframe:3    pts:120\nat 0.08 seconds\n" + decoded(1));
  EXPECT_THAT(pages_of(log), ElementsAre("0 ok", "1 ffmpeg: [ffv1] slice CRC mismatch FE6B66AF"));
}

TEST(FfmpegLog, TakesLinesInAnyPartsAndNoMoreOfALongOneThanFits) {
  const std::string text = kOpened + decoded(0) + kDamaged + decoded(1);
  FfmpegLog log;
  for (const char c : text) log.add({&c, 1});
  EXPECT_THAT(pages_of(log), testing::SizeIs(2));
  log.add("[x @ 0x1] [error] " + std::string(100'000, 'y') + "\n[error]\n[[[\n] \n" + decoded(2));
  const auto page = log.take_page();
  ASSERT_TRUE(page);
  EXPECT_LT(page->failure.size(), 1000U);
}

}  // namespace
}  // namespace capillaryx
