// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "capillaryx/error.h"
#include "os/piped_child.h"
#include "source/input.h"
#include "source/test_folder.h"

namespace capillaryx {
namespace {

using test::all_frames;
using test::sources_of;
using test::TestFolder;
using testing::HasSubstr;

// Frame k of the videos is one grey of 20 + 20 k.
class Video : public testing::Test {
 protected:
  void SetUp() override {
    if (find_program("ffmpeg").empty()) GTEST_SKIP() << "no ffmpeg";
  }

  std::string make_video(const std::string& name, const std::string& coding, int frames = 10) const {
    std::string stream = "YUV4MPEG2 W64 H48 F10:1 C420jpeg XCOLORRANGE=FULL\n";
    for (int k = 0; k < frames; ++k) {
      stream += "FRAME\n" + std::string(64 * 48, static_cast<char>(20 + 20 * k)) + std::string(64 * 24, '\x80');
    }
    const std::string raw = folder_.write("raw.y4m", stream);
    const std::string command =
        "ffmpeg -nostdin -v error -y -i " + raw + " " + coding + " '" + folder_.path(name) + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    return folder_.path(name);
  }

  static std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static void expect_grey(const Frame& frame, int grey) {
    ASSERT_EQ(frame.error(), "");
    ASSERT_EQ(frame.pixels().channels, 3);
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(frame.pixels().row(24)[3 * 32 + c], grey, 4);
  }

  TestFolder folder_;
};

TEST_F(Video, GivesEveryFrameWithItsNumberAndTime) {
  for (const char* const coding : {"-c:v mjpeg -q:v 2", "-c:v ffv1 -pix_fmt bgr0"}) {
    const std::string path = make_video("clip one.avi", coding);
    const auto source = open_source({path}, {});
    EXPECT_FALSE(source->frame_count());
    const std::vector<Frame> frames = all_frames(*source);
    ASSERT_EQ(frames.size(), 10U);
    for (int k = 0; k < 10; ++k) {
      const Frame& frame = frames[static_cast<std::size_t>(k)];
      EXPECT_EQ(frame.info().index, k);
      EXPECT_EQ(frame.info().source, "clip one.avi#" + std::to_string(k));
      EXPECT_EQ(frame.info().file, path);
      EXPECT_EQ(frame.info().page, k);
      EXPECT_NEAR(frame.info().time_s.value(), k / 10.0, 1e-6);
      expect_grey(frame, 20 + 20 * k);
    }
  }
}

TEST_F(Video, AppliesEveryRepeatFramesAndSkip) {
  const std::string path = make_video("clip.mkv", "-c:v ffv1 -pix_fmt bgr0");
  Options options;
  options.every = 4;
  options.repeat = 2;
  const std::vector<std::string> once = {"clip.mkv#0", "clip.mkv#4", "clip.mkv#8"};
  std::vector<std::string> twice = once;
  twice.insert(twice.end(), once.begin(), once.end());
  const std::vector<Frame> frames = all_frames(*open_source({path}, options));
  EXPECT_EQ(sources_of(frames), twice);
  EXPECT_NEAR(frames.at(4).info().time_s.value(), 0.4, 1e-6);
  expect_grey(frames.at(5), 180);

  const auto source = open_source({path}, options);
  source->skip(4);
  const std::optional<Frame> fifth = source->next();
  EXPECT_EQ(fifth->info().index, 4);
  EXPECT_EQ(fifth->info().source, "clip.mkv#4");
  EXPECT_NEAR(fifth->info().time_s.value(), 0.4, 1e-6);

  options.frames = 2;
  EXPECT_THAT(all_frames(*open_source({path}, options)), testing::SizeIs(2));
}

TEST_F(Video, CutShortKeepsTheFramesBeforeAndSaysWhy) {
  const std::string path = make_video("clip.avi", "-c:v rawvideo -pix_fmt bgr24");
  const std::string whole = content_of(path);
  folder_.write("clip.avi", whole.substr(0, whole.size() * 6 / 10));
  std::string first_reason;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const std::vector<Frame> frames = all_frames(*open_source({path}, {}));
    ASSERT_GT(frames.size(), 3U);
    ASSERT_LT(frames.size(), 10U);
    for (std::size_t k = 0; k + 1 < frames.size(); ++k) expect_grey(frames[k], static_cast<int>(20 + 20 * k));
    EXPECT_THAT(frames.back().error(), HasSubstr("ffmpeg: "));
    EXPECT_EQ(frames.back().info().source, "clip.avi#" + std::to_string(frames.size() - 1));
    EXPECT_THAT(frames.back().error(), testing::Not(HasSubstr("0x")));
    if (attempt == 1) {
      EXPECT_EQ(frames.back().error(), first_reason);
    }
    first_reason = frames.back().error();
  }
}

TEST_F(Video, WithoutAFrameIsOneUnreadableFrame) {
  const std::string path = folder_.write("clip.avi", "hello");
  const std::vector<Frame> frames = all_frames(*open_source({path}, {}));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].info().source, "clip.avi#0");
  EXPECT_THAT(frames[0].error(), HasSubstr("ffmpeg: "));
}

// A play list would make ffmpeg open other files, and the network.
TEST_F(Video, ThatNamesOtherFilesIsRefused) {
  const std::string other = make_video("other.avi", "-c:v ffv1 -pix_fmt bgr0");
  for (const std::string& text :
       {"ffconcat version 1.0\nfile '" + other + "'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://" + other + "\n#EXT-X-ENDLIST\n"}) {
    const std::vector<Frame> frames = all_frames(*open_source({folder_.write("list.avi", text)}, {}));
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_NE(frames[0].error(), "");
  }
}

TEST_F(Video, LargerThanAllowedIsRefused) {
  const std::string path = make_video("clip.avi", "-c:v ffv1 -pix_fmt bgr0");
  Options options;
  options.max_pixels = 64 * 48 - 1;
  const std::vector<Frame> frames = all_frames(*open_source({path}, options));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_THAT(frames[0].error(), HasSubstr("--max-pixels"));
}

TEST_F(Video, ThatIsGoneIsAnUnreadableFrame) {
  const std::string path = make_video("clip.avi", "-c:v ffv1 -pix_fmt bgr0");
  const auto source = open_source({path}, {});
  std::filesystem::remove(path);
  EXPECT_THAT(source->next()->error(), HasSubstr("cannot be opened"));
  EXPECT_FALSE(source->next());
}

TEST_F(Video, MayHaveAnyName) {
  const std::string path = make_video("clip.avi", "-c:v ffv1 -pix_fmt bgr0");
  for (const std::string name : {"-i.avi", "a'b \"c\n.avi", "http:x.avi", "%d.avi", "bad\xff.avi"}) {
    std::filesystem::copy_file(path, folder_.path(name));
    EXPECT_THAT(all_frames(*open_source({folder_.path(name)}, {})), testing::SizeIs(10)) << name;
  }
}

TEST_F(Video, StoppedOrLeftHalfWayLeavesNoChild) {
  const std::string path = make_video("clip.avi", "-c:v ffv1 -pix_fmt bgr0", 200);
  {
    const auto left = open_source({path}, {});
    ASSERT_TRUE(left->next());
    const auto stopped = open_source({path}, {});
    ASSERT_TRUE(stopped->next());
    stopped->stop();
    EXPECT_FALSE(stopped->next());
  }
  std::ifstream children("/proc/self/task/" + std::to_string(::getpid()) + "/children");
  std::string child;
  children >> child;
  EXPECT_EQ(child, "");
}

TEST(VideoInput, WithoutFfmpegIsAnErrorThatSaysWhatToInstall) {
  const TestFolder folder;
  const std::string video = folder.write("clip.avi", "x");
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", folder.path().c_str(), 1);
  try {
    open_source({video}, {});
    ADD_FAILURE() << "no Error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("ffmpeg, which is not installed"));
  }
  ::setenv("PATH", path.c_str(), 1);
}

}  // namespace
}  // namespace capillaryx
