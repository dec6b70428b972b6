// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "capillaryx/error.h"
#include "capillaryx/frame_source.h"
#include "source/input.h"
#include "source/test_folder.h"

namespace capillaryx {
namespace {

using test::all_frames;
using test::open_and_name;
using test::sources_of;
using test::TestFolder;
using testing::ElementsAre;
using testing::HasSubstr;

ErrorKind error_kind_of(const std::vector<std::string>& inputs, const Options& options = {}) {
  try {
    all_frames(*open_source(inputs, options));
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no Error for " << testing::PrintToString(inputs);
  return ErrorKind::kInternal;
}

std::string error_text_of(const std::vector<std::string>& inputs, const Options& options = {}) {
  try {
    all_frames(*open_source(inputs, options));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

int open_descriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST(OpenSource, NamesFramesRelativeToTheFolderThatWasGiven) {
  const TestFolder folder;
  for (const char* const name : {"f10.png", "f2.png", "sub/g.png"}) folder.write_picture(name);
  const auto source = open_source({folder.path()}, {});
  EXPECT_EQ(source->frame_count(), 3);
  const std::vector<Frame> frames = all_frames(*source);
  EXPECT_THAT(sources_of(frames), ElementsAre("f2.png", "f10.png", "sub/g.png"));
  for (std::size_t i = 0; i < frames.size(); ++i) EXPECT_EQ(frames[i].info().index, static_cast<std::int64_t>(i));
  EXPECT_TRUE(frames[0].file());
  EXPECT_FALSE(frames[0].info().captured);
}

TEST(OpenSource, NamesAFileByItselfAndKeepsItsPathAsGiven) {
  const TestFolder folder;
  const std::string path = folder.write_picture("x/f#1.png");
  const std::vector<Frame> frames = all_frames(*open_source({path}, {}));
  EXPECT_THAT(sources_of(frames), ElementsAre("f%231.png"));
  EXPECT_EQ(frames[0].info().file, path);
  EXPECT_FALSE(frames[0].info().page);
  EXPECT_FALSE(frames[0].info().input);
}

TEST(OpenSource, JoinsInputsInTheOrderGiven) {
  const TestFolder folder;
  const std::string b = folder.write_picture("b.png");
  folder.write_picture("a/z.png");
  EXPECT_THAT(open_and_name({b, folder.path("a/")}), ElementsAre("b.png", "z.png"));
}

TEST(OpenSource, MakesSourcesDistinctWhereTwoInputsHaveOneName) {
  const TestFolder folder;
  folder.write_picture("a/f.png");
  folder.write_picture("b/f.png");
  folder.write("b/notes.txt", "x");
  const auto source = open_source({folder.path("a"), folder.path("b/")}, {});
  const std::vector<Frame> frames = all_frames(*source);
  EXPECT_THAT(sources_of(frames), ElementsAre("a/f.png", "b/f.png"));
  EXPECT_EQ(frames[1].info().file, "b/f.png");
  EXPECT_EQ(source->skipped().at(0).source, "b/notes.txt");
}

// Two subjects whose visits have one name were taken for one whenever their pictures' names differed.
TEST(OpenSource, KeepsTheFilesOfSeveralFoldersApartWhateverTheirNames) {
  const TestFolder folder;
  folder.write_picture("A/visit1/f1.png");
  folder.write_picture("B/visit1/f2.png");
  const std::vector<Frame> frames = all_frames(*open_source({folder.path("A/visit1"), folder.path("B/visit1/")}, {}));
  EXPECT_THAT(sources_of(frames), ElementsAre("A/visit1/f1.png", "B/visit1/f2.png"));
  EXPECT_EQ(frames[0].info().file, "A/visit1/f1.png");
  EXPECT_EQ(frames[1].info().file, "B/visit1/f2.png");
}

TEST(OpenSource, TellsOneFolderGivenTwiceFromNothing) {
  const TestFolder folder;
  folder.write_picture("a/f.png");
  EXPECT_THAT(open_and_name({folder.path("a"), folder.path("a")}), testing::SizeIs(2));
}

TEST(OpenSource, ReadsVideosInAFolderInTheirOrder) {
  const TestFolder folder;
  folder.write_picture("a.png");
  folder.write("b.y4m", "YUV4MPEG2 W1 H1 F10:1 Cmono XCOLORRANGE=FULL\nFRAME\naFRAME\nb");
  folder.write_picture("c.png");
  EXPECT_THAT(open_and_name({folder.path()}), ElementsAre("a.png", "b.y4m#0", "b.y4m#1", "c.png"));
  EXPECT_FALSE(open_source({folder.path()}, {})->frame_count());
}

TEST(OpenSource, VideoInAFolderWithoutFfmpegIsOneUnreadableFrame) {
  const TestFolder folder;
  folder.write_picture("a.png");
  folder.write("b.avi", "x");
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", folder.path().c_str(), 1);
  const std::vector<Frame> frames = all_frames(*open_source({folder.path()}, {}));
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_THAT(frames[1].error(), HasSubstr("ffmpeg, which is not installed"));
}

TEST(OpenSource, NamesSourcesByTheShortestPathThatTellsTheInputsApart) {
  const TestFolder folder;
  for (const char* const name : {"s1/v1/a/f.png", "s2/v1/a/f.png", "s1/v1/f.png"}) folder.write_picture(name);
  EXPECT_THAT(open_and_name({folder.path("s1/v1/a"), folder.path("s2/v1/a")}),
              ElementsAre("s1/v1/a/f.png", "s2/v1/a/f.png"));
  EXPECT_THAT(open_and_name({folder.path("s1/v1/f.png"), folder.path("s1/v1/a/")}), ElementsAre("v1/f.png", "a/f.png"));
  // Nothing tells a file from itself.
  EXPECT_THAT(open_and_name({folder.path("s1/v1/f.png"), folder.path("s1/v1/f.png")}), ElementsAre("f.png", "f.png"));
}

TEST(OpenSource, AppliesRepeatAndFrames) {
  const TestFolder folder;
  for (const char* const name : {"a.png", "b.png"}) folder.write_picture(name);
  Options options;
  options.repeat = 3;
  EXPECT_EQ(open_source({folder.path()}, options)->frame_count(), 6);
  EXPECT_THAT(open_and_name({folder.path()}, options),
              ElementsAre("a.png", "b.png", "a.png", "b.png", "a.png", "b.png"));
  options.frames = 5;
  EXPECT_EQ(open_source({folder.path()}, options)->frame_count(), 5);
  EXPECT_THAT(open_and_name({folder.path()}, options), ElementsAre("a.png", "b.png", "a.png", "b.png", "a.png"));
  options.frames = 100;
  EXPECT_EQ(open_source({folder.path()}, options)->frame_count(), 6);
  EXPECT_THAT(open_and_name({folder.path()}, options), testing::SizeIs(6));
}

TEST(OpenSource, SkipGoesOnWhereARunWasCutShort) {
  const TestFolder folder;
  for (const char* const name : {"a.png", "b.png", "c.png"}) folder.write_picture(name);
  Options options;
  options.repeat = 3;
  const std::vector<std::string> all = open_and_name({folder.path(), folder.path("b.png")}, options);
  ASSERT_EQ(all.size(), 12U);
  for (std::size_t skipped = 0; skipped <= all.size() + 1; ++skipped) {
    const auto source = open_source({folder.path(), folder.path("b.png")}, options);
    source->skip(static_cast<std::int64_t>(skipped));
    const std::vector<Frame> rest = all_frames(*source);
    ASSERT_EQ(rest.size(), skipped > all.size() ? 0 : all.size() - skipped);
    for (std::size_t i = 0; i < rest.size(); ++i) {
      EXPECT_EQ(rest[i].info().index, static_cast<std::int64_t>(skipped + i));
      EXPECT_EQ(rest[i].info().source, all[skipped + i]);
    }
  }
}

TEST(OpenSource, OpensAFileOnlyWhenItsTurnComes) {
  const TestFolder folder;
  for (int i = 0; i < 300; ++i) folder.write("f" + std::to_string(i) + ".png", "x");
  const int before = open_descriptors();
  const auto source = open_source({folder.path()}, {});
  EXPECT_LE(open_descriptors(), before + 2);
  EXPECT_EQ(source->frame_count(), 300);
  EXPECT_THAT(all_frames(*source), testing::SizeIs(300));
}

TEST(OpenSource, AFileThatCannotBeOpenedIsAnUnreadableFrame) {
  const TestFolder folder;
  for (const char* const name : {"a.png", "b.png", "c.png"}) folder.write_picture(name);
  const auto source = open_source({folder.path()}, {});
  std::filesystem::remove(folder.path("a.png"));
  std::filesystem::remove(folder.path("b.png"));
  ASSERT_EQ(::mkfifo(folder.path("b.png").c_str(), 0600), 0);  // must not be waited for
  const std::vector<Frame> frames = all_frames(*source);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].error(), "cannot be opened: No such file or directory");
  EXPECT_EQ(frames[1].error(), "not a regular file");
  EXPECT_EQ(frames[2].error(), "");
}

TEST(OpenSource, WhatLooksLikeAPictureByNameOrContentIsTakenForOne) {
  const TestFolder folder;
  const std::string without_suffix = folder.write_picture("frame");
  const std::string text = folder.write("text.png", "hello");
  EXPECT_THAT(open_and_name({without_suffix, text}), ElementsAre("frame", "text.png"));
}

TEST(OpenSource, AnInputThatCannotBeUsedIsAnErrorThatSaysWhy) {
  const TestFolder folder;
  folder.write("only/notes.txt", "x");
  EXPECT_EQ(error_kind_of({folder.path("missing")}), ErrorKind::kInput);
  EXPECT_THAT(error_text_of({folder.path("missing")}), HasSubstr("No such file"));
  EXPECT_EQ(error_kind_of({folder.path("only")}), ErrorKind::kInput);
  EXPECT_THAT(error_text_of({folder.path("only")}), HasSubstr("holds no picture and no video; 1 other"));
  EXPECT_THAT(error_text_of({folder.path("only/notes.txt")}), HasSubstr("neither a picture nor a video"));
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(error_kind_of({folder.path("pipe")}), ErrorKind::kInput);
  EXPECT_EQ(error_kind_of({"/dev/zero"}), ErrorKind::kInput);
  EXPECT_EQ(error_kind_of({"camera:1023"}), ErrorKind::kInput);
  EXPECT_EQ(error_kind_of({}), ErrorKind::kUsage);
  EXPECT_EQ(error_kind_of({"camera:x"}), ErrorKind::kUsage);
  EXPECT_EQ(error_kind_of({"phantom:0"}), ErrorKind::kUsage);
  EXPECT_EQ(error_kind_of({"phantom:-1"}), ErrorKind::kUsage);
  EXPECT_EQ(error_kind_of({"phantom:3x"}), ErrorKind::kUsage);
  EXPECT_EQ(error_kind_of({"-", "-"}), ErrorKind::kUsage);
  Options twice;
  twice.repeat = 2;
  EXPECT_EQ(error_kind_of({"-"}, twice), ErrorKind::kUsage);
}

TEST(OpenSource, NoDescriptorLeftIsAnErrorAndNoFailedFrame) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "skipped: UBSan, which the same preset brings, needs its own descriptors to look at an object";
#endif
  const TestFolder folder;
  folder.write_picture("a.png");
  const auto source = open_source({folder.path()}, {});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{3, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_THROW(source->next(), Error);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(OpenSource, DrawsPhantoms) {
  Options options;
  options.repeat = 2;
  const auto source = open_source({"phantom:2"}, options);
  EXPECT_EQ(source->frame_count(), 4);
  source->skip(1);
  const std::optional<Frame> second = source->next();
  const std::optional<Frame> first_again = source->next();
  ASSERT_TRUE(second && first_again);
  EXPECT_EQ(second->info().source, "phantom#1");
  EXPECT_EQ(second->info().index, 1);
  EXPECT_EQ(second->pixels().width, 1920);
  EXPECT_EQ(first_again->info().source, "phantom#0");
}

TEST(OpenSource, ReadsY4mFilmsWithoutHelp) {
  const TestFolder folder;
  const std::string path =
      folder.write("clip.y4m", "YUV4MPEG2 W1 H1 F10:1 Cmono XCOLORRANGE=FULL\nFRAME\naFRAME\nbFRAME\ncFRAME\ndFRAME\n");
  const std::vector<Frame> frames = all_frames(*open_source({path}, {}));
  EXPECT_THAT(sources_of(frames), ElementsAre("clip.y4m#0", "clip.y4m#1", "clip.y4m#2", "clip.y4m#3", "clip.y4m#4"));
  EXPECT_EQ(frames[3].info().file, path);
  EXPECT_EQ(frames[3].info().page, 3);
  EXPECT_EQ(frames[3].info().input->kind, FileKind::kVideo);
  EXPECT_EQ(frames[2].pixels().data[0], 'c');
  EXPECT_DOUBLE_EQ(frames[2].info().time_s.value(), 0.2);
  EXPECT_THAT(frames[4].error(), HasSubstr("truncated"));

  Options options;
  options.every = 2;
  options.repeat = 2;
  const std::vector<Frame> every_second = all_frames(*open_source({path}, options));
  ASSERT_EQ(every_second.size(), 6U);
  EXPECT_EQ(every_second[1].info().source, "clip.y4m#2");
  EXPECT_EQ(every_second[1].pixels().data[0], 'c');
  EXPECT_EQ(every_second[2].info().source, "clip.y4m#4");
  EXPECT_NE(every_second[2].error(), "");
  EXPECT_EQ(every_second[4].pixels().data[0], 'c');

  const auto skipping = open_source({path}, options);
  skipping->skip(4);
  EXPECT_EQ(skipping->next()->info().source, "clip.y4m#2");
}

/// Answers in its own thread, with as many pages as the file has bytes behind its magic number; none for an 'x'.
class PagesByLength : public Prober {
 public:
  ~PagesByLength() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void probe(std::shared_ptr<const OpenFile> file, std::function<void(Probed)> done) override {
    ++asked;
    threads_.emplace_back([file = std::move(file), done = std::move(done)] {
      std::array<char, 64> bytes{};
      const ssize_t size = ::pread(file->descriptor(), bytes.data(), bytes.size(), 0);
      if (bytes[4] == 'x') return done({nullptr, "damaged"});
      InputInfo input;
      input.kind = FileKind::kStack;
      input.pages = size - 4;
      for (std::int64_t i = 0; i < *input.pages; ++i) input.page_times_s.push_back(0.5 * static_cast<double>(i));
      done({std::make_shared<const InputInfo>(input), ""});
    });
  }
  int asked = 0;

 private:
  std::vector<std::thread> threads_;
};

std::string tiff_of_pages(const std::string& pages) { return std::string("II*\0", 4) + pages; }

TEST(OpenSource, TakesTheFilesThatHoldSeveralPicturesApart) {
  const TestFolder folder;
  folder.write_picture("a.png");
  folder.write("b.tif", tiff_of_pages("ppp"));
  folder.write("c.tif", tiff_of_pages("p"));
  folder.write("d.tif", tiff_of_pages("x"));
  folder.write("e#.tif", tiff_of_pages("pp"));
  const auto prober = std::make_shared<PagesByLength>();
  const auto names = [&](const Options& options, std::int64_t skipped) {
    const auto source = open_source({folder.path()}, options);
    EXPECT_FALSE(source->frame_count());
    source->skip(skipped);
    source->use_prober(prober);
    const std::vector<Frame> frames = all_frames(*source);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      EXPECT_EQ(frames[i].info().index, skipped + static_cast<std::int64_t>(i));
    }
    return sources_of(frames);
  };
  const std::vector<std::string> all{"a.png", "b.tif#0", "b.tif#1",    "b.tif#2",
                                     "c.tif", "d.tif",   "e%23.tif#0", "e%23.tif#1"};
  for (std::size_t skipped = 0; skipped <= all.size(); ++skipped) {
    EXPECT_EQ(names({}, static_cast<std::int64_t>(skipped)),
              std::vector<std::string>(all.begin() + static_cast<std::ptrdiff_t>(skipped), all.end()));
  }
  Options options;
  options.every = 2;
  EXPECT_THAT(names(options, 0), ElementsAre("a.png", "b.tif#0", "b.tif#2", "c.tif", "d.tif", "e%23.tif#0"));
  EXPECT_THAT(names(options, 2), ElementsAre("b.tif#2", "c.tif", "d.tif", "e%23.tif#0"));
  options.frames = 3;
  options.repeat = 2;
  EXPECT_THAT(names(options, 0), ElementsAre("a.png", "b.tif#0", "b.tif#2"));
  options.frames = 8;
  EXPECT_THAT(names(options, 5), ElementsAre("e%23.tif#0", "a.png", "b.tif#0"));
}

TEST(OpenSource, GivesEachPageWhatTheProbeFoundAndOneFailedFrameIfItFindsNothing) {
  const TestFolder folder;
  const std::string stack = folder.write("b.tif", tiff_of_pages("ppp"));
  const std::string damaged = folder.write("d.tif", tiff_of_pages("x"));
  const auto source = open_source({stack, damaged}, {});
  source->use_prober(std::make_shared<PagesByLength>());
  const std::vector<Frame> frames = all_frames(*source);
  ASSERT_EQ(frames.size(), 4U);
  EXPECT_TRUE(frames[2].file());
  EXPECT_EQ(frames[2].info().page, 2);
  EXPECT_EQ(frames[2].info().time_s, 1.0);
  EXPECT_EQ(frames[2].info().file, stack);
  EXPECT_EQ(frames[2].info().input->file, stack);
  EXPECT_EQ(frames[2].info().input->pages, 3);
  EXPECT_EQ(frames[3].error(), "damaged");
  EXPECT_EQ(frames[3].info().file, damaged);
  EXPECT_FALSE(frames[3].info().page);
  EXPECT_FALSE(frames[3].info().input);
}

TEST(OpenSource, ProbesAFewFilesAheadAndNoMore) {
  const TestFolder folder;
  for (int i = 0; i < 100; ++i) folder.write("f" + std::to_string(i) + ".tif", tiff_of_pages("pp"));
  const auto prober = std::make_shared<PagesByLength>();
  const auto source = open_source({folder.path()}, {});
  source->use_prober(prober);
  source->next();
  EXPECT_GE(prober->asked, 2);
  EXPECT_LE(prober->asked, 32);
}

TEST(OpenSource, AStopEndsItsWaitForAProbe) {
  class Silent : public Prober {
    void probe(std::shared_ptr<const OpenFile>, std::function<void(Probed)>) override {}
  };
  const TestFolder folder;
  const auto source = open_source({folder.write("b.tif", tiff_of_pages("ppp"))}, {});
  source->use_prober(std::make_shared<Silent>());
  std::thread stopping([&source] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    source->stop();
  });
  EXPECT_FALSE(source->next());
  stopping.join();
}

TEST(StdinInput, NamesAndCountsItsFrames) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const OpenFile reading(ends[0]);
  {
    const OpenFile writing(ends[1]);
    const std::string frames = "P5 1 1 255\naP5 1 1 255\nbP5 1 1 255\nc!";
    ASSERT_EQ(::write(ends[1], frames.data(), frames.size()), static_cast<ssize_t>(frames.size()));
  }
  const StopEvent stop;
  const auto input = make_stdin_input(100, stop, ends[0]);
  EXPECT_EQ(input->skip(1), 1);
  const std::optional<Frame> second = input->next({});
  EXPECT_EQ(second->info().source, "stdin#1");
  EXPECT_EQ(second->info().page, 1);
  EXPECT_EQ(second->info().input->kind, FileKind::kLive);
  EXPECT_EQ(input->next({})->pixels().data[0], 'c');
  const std::optional<Frame> garbage = input->next({});
  ASSERT_TRUE(garbage);
  EXPECT_EQ(garbage->info().source, "stdin#3");
  EXPECT_NE(garbage->error(), "");
  EXPECT_FALSE(input->next({}));
}

TEST(StdinInput, WithoutAnyFrameIsAnError) {
  const StopEvent stop;
  const OpenFile null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THROW(make_stdin_input(100, stop, null.descriptor())->next({}), Error);
}

TEST(StdinInput, AWaitThatIsStoppedGivesNothing) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const OpenFile reading(ends[0]);
  const OpenFile writing(ends[1]);
  StopEvent stop;
  const auto input = make_stdin_input(100, stop, ends[0]);
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop.request();
  });
  EXPECT_FALSE(input->next({}));
  stopper.join();
}

TEST(PacedPlayback, GivesDecodedFramesAtTheTimesWhenTheyAreDue) {
  const TestFolder folder;
  folder.write_picture("a.png", 10);
  folder.write_picture("b.png", 20);
  folder.write("c.png", "no picture");
  Options options;
  options.pace_fps = 200;
  options.repeat = 3;
  const auto source = open_source({folder.path()}, options);
  const std::vector<Frame> frames = all_frames(*source);
  const auto end = std::chrono::steady_clock::now();
  ASSERT_EQ(frames.size(), 9U);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].info().index, static_cast<std::int64_t>(i));
    ASSERT_TRUE(frames[i].info().captured);
    const auto after = *frames[i].info().captured - *frames[0].info().captured;
    EXPECT_EQ(std::chrono::duration_cast<std::chrono::microseconds>(after).count(),
              static_cast<std::int64_t>(i) * 5000);
    EXPECT_LE(*frames[i].info().captured, end);
    if (i % 3 == 2) {
      EXPECT_THAT(frames[i].error(), HasSubstr("not a picture"));
    } else {
      EXPECT_EQ(frames[i].pixels().data[0], i % 3 == 0 ? 10 : 20);
    }
  }
  EXPECT_EQ(frames[0].pixels().data, frames[3].pixels().data) << "decoded again instead of kept";
}

TEST(PacedPlayback, FrameThatIsLateComesAtOnce) {
  const TestFolder folder;
  folder.write_picture("a.png");
  Options options;
  options.pace_fps = 100;
  options.repeat = 4;
  const auto source = open_source({folder.path()}, options);
  const auto first = source->next()->info().captured.value();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const auto third = (source->next(), source->next())->info().captured.value();
  EXPECT_EQ(third - first, std::chrono::milliseconds(20));
}

TEST(PacedPlayback, AWaitThatIsStoppedGivesNothing) {
  const TestFolder folder;
  folder.write_picture("a.png");
  Options options;
  options.pace_fps = 0.001;
  options.repeat = 2;
  const auto source = open_source({folder.path()}, options);
  ASSERT_TRUE(source->next());
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    source->stop();
  });
  EXPECT_FALSE(source->next());
  stopper.join();
  EXPECT_FALSE(source->next());
}

TEST(LoadedInput, WhatDoesNotFitIsDecodedWhenItsTurnComes) {
  const TestFolder folder;
  std::vector<SkippedInput> skipped;
  for (int i = 0; i < 5; ++i) folder.write_picture("f" + std::to_string(i) + ".png", static_cast<std::uint8_t>(i));
  const StopEvent stop;
  const auto input =
      make_loaded_input(make_files_input(list_folder(folder.path(), "", skipped), 1, stop), 0, 100, 1000, stop);
  input->prepare();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(input->next({})->pixels().data[0], i);
    EXPECT_FALSE(input->next({}));
    input->rewind();
  }
  EXPECT_EQ(input->skip(4), 4);
  EXPECT_EQ(input->next({})->pixels().data[0], 4);
}

}  // namespace
}  // namespace capillaryx
