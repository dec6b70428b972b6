// SPDX-License-Identifier: Apache-2.0
#include "sink/clip_log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "capillaryx/error.h"
#include "sink/clip_line.h"

namespace capillaryx {
namespace {

FrameResult frame_of(const std::string& file, FileKind kind = FileKind::kVideo) {
  FrameResult frame;
  frame.file = file;
  if (kind != FileKind::kImage) {
    InputInfo input;
    input.file = file;
    input.kind = kind;
    frame.input = std::make_shared<const InputInfo>(input);
    frame.page = 0;
  }
  frame.width = frame.height = 100;
  frame.valid_px = 10'000;
  for (int i = 0; i < 12; ++i) frame.landmarks.insert(frame.landmarks.end(), {160 * i, 16 * (i * i % 90), 20});
  return frame;
}

TEST(ClipOf, VideosTimedStacksAndLiveRunsAreClipsAndStillsAreNot) {
  EXPECT_EQ(clip_of(frame_of("a.avi"), {}), "a.avi");
  EXPECT_EQ(clip_of(frame_of("-", FileKind::kLive), {}), "-");
  EXPECT_EQ(clip_of(frame_of("z.tif", FileKind::kStack), {}), "");
  FrameResult timed = frame_of("t.tif", FileKind::kStack);
  timed.time_s = 0.5;
  EXPECT_EQ(clip_of(timed, {}), "t.tif");
  EXPECT_EQ(clip_of(frame_of("a/f.png", FileKind::kImage), {}), "");
}

TEST(ClipOf, PicturesOfAFolderThatWasNamedAreOneClipPerFolder) {
  const auto only = clip_folder_of("study/", {"study"});
  EXPECT_EQ(clip_of(frame_of("f.png", FileKind::kImage), only), ".");
  EXPECT_EQ(clip_of(frame_of("s1/f.png", FileKind::kImage), only), "s1");
  const auto one_of_two = clip_folder_of("x/s1", {"x/s1", "x/s2"});
  EXPECT_EQ(clip_of(frame_of("s1/f.png", FileKind::kImage), one_of_two), "s1");
  EXPECT_EQ(clip_of(frame_of("s2/f.png", FileKind::kImage), one_of_two), "");
  EXPECT_THROW(clip_folder_of("elsewhere", {"study"}), Error);
}

TEST(ClipLog, AClipEndsWhereAnotherFileBegins) {
  ClipLog log({});
  std::int64_t page = 0;
  const auto add = [&](const std::string& file) {
    FrameResult frame = frame_of(file);
    frame.page = page++;
    frame.clip = file == "still.png" ? "" : file;
    return log.add(frame);
  };
  EXPECT_FALSE(add("a.avi"));
  EXPECT_FALSE(add("a.avi"));
  const auto first = add("b.avi");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->file, "a.avi");
  EXPECT_EQ(first->frames, 2);
  EXPECT_TRUE(add("still.png"));
  EXPECT_FALSE(log.finish());
}

TEST(ClipLog, AVideoThatComesAgainIsNoFurtherClip) {
  ClipLog log({});
  const auto admitted = [&log](const std::string& file, std::int64_t page) {
    FrameResult frame = frame_of(file);
    frame.page = page;
    frame.clip = log.admit(frame, file);
    log.add(frame);
    return frame.clip;
  };
  EXPECT_EQ(admitted("a.avi", 0), "a.avi");
  EXPECT_EQ(admitted("a.avi", 1), "a.avi");
  EXPECT_EQ(admitted("a.avi", 0), "");
  EXPECT_EQ(admitted("a.avi", 1), "");
  EXPECT_EQ(admitted("b.avi", 0), "b.avi");
  EXPECT_EQ(admitted("a.avi", 2), "");
}

TEST(ClipLine, IsJsonWithEveryMember) {
  ClipLog log({});
  FrameResult frame = frame_of("a.avi");
  frame.clip = "a.avi";
  log.add(frame);
  std::string line;
  append_clip_line(line, *log.finish());
  EXPECT_TRUE(line.starts_with(kClipLineStart));
  const auto json = nlohmann::json::parse(line);
  for (const char* key : {"file", "frames", "usable", "registered", "reference", "motion", "extent", "count", "density",
                          "seen_px", "count_per_mm2", "repeatability", "quality", "capillaries", "reason"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["motion"]["registered"].size(), 1);
  EXPECT_TRUE(json["quality"]["pressure"].is_null());
}

}  // namespace
}  // namespace capillaryx
