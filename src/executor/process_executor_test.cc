// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <random>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "capillaryx/error.h"
#include "capillaryx/executor.h"
#include "executor/test_frames.h"
#include "os/process.h"

namespace capillaryx {
namespace {

using testing_frames::GreyFrames;
using testing_frames::Results;
using testing_frames::sum_factory;
using testing_frames::sum_of_frame;

Options processes(std::int64_t workers, const std::string& analyzer = "sum") {
  Options options;
  options.executor = ExecutorKind::kDriver;
  options.worker_kind = WorkerKind::kProcess;
  options.worker_command = "[\"" + program_path() + "\", \"worker\"]";
  options.workers = workers;
  options.analyzer = analyzer;
  return options;
}

std::vector<FrameResult> run_with(const Options& options, std::int64_t frames) {
  GreyFrames source(frames);
  Results sink;
  make_executor(options, sum_factory())->run(source, sink, {});
  return sink.results;
}

/// The process ids of this process's children.
std::set<int> children() {
  std::set<int> found;
  DIR* folder = ::opendir("/proc/self/task");
  for (const dirent* entry = ::readdir(folder); entry != nullptr; entry = ::readdir(folder)) {
    std::ifstream list(std::string("/proc/self/task/") + entry->d_name + "/children");
    for (int id = 0; list >> id;) found.insert(id);
  }
  ::closedir(folder);
  return found;
}

int open_descriptors() {
  int count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

/// Looks that a test leaves neither processes nor descriptors behind.
class ProcessExecutor : public ::testing::Test {
 protected:
  void SetUp() override { descriptors_ = open_descriptors(); }
  void TearDown() override {
    EXPECT_TRUE(children().empty());
    EXPECT_EQ(open_descriptors(), descriptors_);
  }

 private:
  int descriptors_ = 0;
};

void expect_sums(const std::vector<FrameResult>& results, std::int64_t frames, std::int64_t failed_every = 0) {
  ASSERT_EQ(static_cast<std::int64_t>(results.size()), frames);
  for (std::int64_t i = 0; i < frames; ++i) {
    const FrameResult& result = results[static_cast<std::size_t>(i)];
    ASSERT_EQ(result.index, i);
    if (failed_every > 0 && i % failed_every == 4 % failed_every) {
      EXPECT_EQ(result.status, Status::kFailed) << i;
      continue;
    }
    EXPECT_EQ(result.status, Status::kOk) << i << ": " << result.error;
    EXPECT_EQ(result.values.at("sum"), sum_of_frame(i)) << i;
    EXPECT_EQ(result.source, "frame" + std::to_string(i));
  }
}

TEST_F(ProcessExecutor, ProbesFilesInItsWorkersHoweverTheyAreReached) {
  for (const ExecutorKind kind : {ExecutorKind::kDriver, ExecutorKind::kRouter}) {
    Options options = processes(2);
    options.executor = kind;
    testing_frames::ProbingFrames source(20, testing_frames::picture_file());
    Results sink;
    make_executor(options, sum_factory())->run(source, sink, {});
    ASSERT_EQ(sink.results.size(), 20U);
    EXPECT_EQ(sink.results[19].time_s, 40);
    EXPECT_EQ(sink.results[19].values.at("sum"), sum_of_frame(19));
    EXPECT_TRUE(source.last.input) << source.last.error;
  }
}

TEST_F(ProcessExecutor, GivesTheSameResultsInOrderForAnyNumberOfWorkers) {
  for (const std::int64_t workers : {1, 2, 3, 8, 17}) expect_sums(run_with(processes(workers), 200), 200);
}

/// The same pixels as grey_frame, as files that hold a PNM picture.
class Files : public FrameSource {
 public:
  std::optional<Frame> next() override {
    if (next_ == 40) return std::nullopt;
    // A grey PNM picture of 8x4.
    const int file = ::memfd_create("frame", MFD_CLOEXEC);
    std::string picture = "P5 8 4 255\n";
    for (int i = 0; i < 32; ++i) picture += static_cast<char>(next_ * 7 + i);
    EXPECT_EQ(::write(file, picture.data(), picture.size()), static_cast<ssize_t>(picture.size()));
    FrameInfo info;
    info.index = next_++;
    info.source = "frame" + std::to_string(info.index);
    return Frame::from_file(info, std::make_shared<OpenFile>(file));
  }

 private:
  std::int64_t next_ = 0;
};

TEST_F(ProcessExecutor, FramesFromFilesTravelAsDescriptors) {
  for (const bool router : {false, true}) {
    Options options = processes(2);
    options.executor = router ? ExecutorKind::kRouter : ExecutorKind::kDriver;
    Files source;
    Results sink;
    make_executor(options, sum_factory())->run(source, sink, {});
    expect_sums(sink.results, 40);
    EXPECT_EQ(sink.results[5].sha256.size(), 64U);
    EXPECT_EQ(sink.results[5].width, 8);
  }
}

TEST_F(ProcessExecutor, TheRouterGivesTheSame) {
  const auto router = [](std::int64_t workers, const std::string& analyzer) {
    Options options = processes(workers, analyzer);
    options.executor = ExecutorKind::kRouter;
    return options;
  };
  for (const std::int64_t workers : {1, 2, 8}) expect_sums(run_with(router(workers, "sum"), 200), 200);
  const auto crashed = run_with(router(2, "crash_20"), 50);
  expect_sums(crashed, 50, 20);
  EXPECT_EQ(crashed[4].error, "the worker was lost: killed by SIGABRT (tried 3 times)");
  const auto pictures = run_with(router(2, "stages_1"), 20);
  ASSERT_EQ(pictures.size(), 20U);
  for (const auto& result : pictures) EXPECT_EQ(result.stage_pictures.size(), 2U) << result.error;
  EXPECT_THROW(run_with(router(2, "broken"), 3), Error);
  Options sleeps = router(2, "sleep_30");
  sleeps.timeout_s = 0.2;
  sleeps.max_attempts = 2;
  expect_sums(run_with(sleeps, 40), 40, 30);
}

TEST_F(ProcessExecutor, TheRouterTellsOfItsWorkers) {
  Options options = processes(2, "crash_20");
  options.executor = ExecutorKind::kRouter;
  const auto executor = make_executor(options, sum_factory());
  GreyFrames source(50);
  int most_ready = 0;
  CallbackSink sink([&](const FrameResult&) { most_ready = std::max(most_ready, executor->status().workers_ready); });
  executor->run(source, sink, {});
  EXPECT_GE(most_ready, 1);
  EXPECT_LE(most_ready, 2);
  EXPECT_EQ(executor->status().worker_deaths, 9) << "three frames, three tries each";
  EXPECT_EQ(executor->status().retries, 6);
  EXPECT_EQ(executor->status().frames_ok, 47);
}

TEST_F(ProcessExecutor, AFrameThatKillsItsWorkersIsGivenUpAndTheRestGoOn) {
  const auto results = run_with(processes(2, "crash_20"), 50);
  expect_sums(results, 50, 20);
  EXPECT_EQ(results[4].error, "the worker was lost: killed by SIGABRT (tried 3 times)");
  for (const FrameResult& result : results) {
    if (result.status == Status::kOk) {
      EXPECT_EQ(result.timing.attempt, 1) << result.index << " is not to blame";
    }
  }
  expect_sums(run_with(processes(2, "exit_20"), 50), 50, 20);
}

TEST_F(ProcessExecutor, WhatAnAnalyzerThrowsIsThatFramesFailure) {
  const auto results = run_with(processes(2, "throw_10"), 50);
  expect_sums(results, 50, 10);
  EXPECT_EQ(results[14].error, "no skin in sight");
}

TEST_F(ProcessExecutor, AWorkerThatSleepsForEverIsEndedAndReplaced) {
  Options options = processes(2, "sleep_30");
  options.timeout_s = 0.2;
  options.max_attempts = 2;
  const auto results = run_with(options, 40);
  expect_sums(results, 40, 30);
  EXPECT_EQ(results[4].error, "the frame took longer than 0.2 s (tried 2 times)");
}

// Sanitizers take more address space than any limit would leave them.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(ProcessExecutor, AnAnalyzerThatLeaksPastItsLimitFailsThoseFramesAlone) {
  Options options = processes(2, "leak_20");
  options.memory_limit_mb = 200;
  const auto results = run_with(options, 50);
  expect_sums(results, 50, 20);
  EXPECT_EQ(results[24].error, "the worker was lost: out of memory (limit 200 MB) (tried 3 times)");
}
#endif

TEST_F(ProcessExecutor, SurvivesKillsAtRandom) {
  Options options = processes(3);
  options.max_attempts = 20;
  options.timeout_s = 0.5;
  const auto executor = make_executor(options, sum_factory());
  std::stop_source stop;
  std::jthread killer([&](const std::stop_token& enough) {
    std::mt19937 random(1);
    // Only when all are at work: a machine that is slow to start them would see nothing but starts.
    while (!enough.stop_requested()) {
      const auto status = executor->status();
      if (status.worker_deaths >= 8) stop.request_stop();
      const auto now = children();
      if (status.workers_ready == 3 && now.size() == 3) {
        ::kill(*std::next(now.begin(), static_cast<long>(random() % 3)), random() % 4 == 0 ? SIGSTOP : SIGKILL);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  GreyFrames source(10'000'000);
  source.before_next = [](std::int64_t) { std::this_thread::sleep_for(std::chrono::microseconds(200)); };
  Results sink;
  executor->run(source, sink, stop.get_token());
  expect_sums(sink.results, static_cast<std::int64_t>(sink.results.size()));
  EXPECT_GE(executor->status().worker_deaths, 8);
  EXPECT_GT(executor->status().retries, 0);
}

TEST_F(ProcessExecutor, LargeResultsTravelThroughTheStoreWhole) {
  const auto pictures = run_with(processes(2, "stages_1"), 20);
  ASSERT_EQ(pictures.size(), 20U);
  for (const auto& result : pictures) {
    ASSERT_EQ(result.stage_pictures.size(), 2U) << result.error;
    EXPECT_EQ(result.stage_pictures[1].name, "ssim");
    const auto& pixels = result.stage_pictures[1].pixels;
    ASSERT_EQ(pixels.size(), 640U * 480U);
    for (std::size_t i = 0; i < pixels.size(); i += 997) {
      ASSERT_EQ(pixels[i], static_cast<std::uint8_t>(i * 31 + static_cast<std::size_t>(result.index)));
    }
  }
  const auto capillaries = run_with(processes(2, "capillaries_1"), 5);
  ASSERT_EQ(capillaries[3].capillaries.size(), 3000U);
  EXPECT_EQ(capillaries[3].capillaries[7].bbox, (std::array<int, 4>{7, 2, 3, 4}));
  EXPECT_EQ(capillaries[3].capillaries[7].polygon, (std::vector<float>{0.5F, 1.25F, 2, 3, 4, 7}));
  EXPECT_EQ(capillaries[3].capillaries[7].score, 0.75);
}

TEST_F(ProcessExecutor, PixelsThatAnAnalyzerKeepsAreNotOverwritten) {
  const auto results = run_with(processes(2, "keep_1"), 60);
  int checked = 0;
  for (const auto& result : results) {
    ASSERT_EQ(result.status, Status::kOk) << result.error;
    if (result.values.count("oldest") == 0) continue;
    EXPECT_EQ(result.values.at("oldest"), sum_of_frame(static_cast<std::int64_t>(result.values.at("oldest_index"))));
    ++checked;
  }
  EXPECT_GT(checked, 40);
}

TEST_F(ProcessExecutor, WorkersCannotOpenFilesUnlessTheUserSaysSo) {
  Options options = processes(1, "opens_1");
  EXPECT_EQ(run_with(options, 3)[1].values.at("opened"), 0);
  options.sandbox = false;
  EXPECT_EQ(run_with(options, 3)[1].values.at("opened"), 1);
}

TEST_F(ProcessExecutor, EndsTheRunWithTheErrorOfAnAnalyzerThatCannotBeMade) {
  try {
    run_with(processes(2, "broken"), 3);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kModel);
    EXPECT_STREQ(error.what(), "no network");
  }
}

TEST_F(ProcessExecutor, EndsTheRunWhenWorkersDieAtStartAgainAndAgain) {
  try {
    run_with(processes(2, "dies_at_start"), 3);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kExecutor);
    EXPECT_STREQ(error.what(), "20 workers in a row did not start; the last: the worker was lost: exited with code 7");
  }
  Options options = processes(2);
  options.worker_command = "/no/such/program worker";
  EXPECT_THROW(run_with(options, 3), Error);
}

TEST_F(ProcessExecutor, EndsWorkersThatAreStillBusyWhenTheRunEnds) {
  Options options = processes(2, "sleep_30");
  GreyFrames source(100);
  CallbackSink sink([](const FrameResult&) { throw Error(ErrorKind::kOutput, "disk full"); });
  EXPECT_THROW(make_executor(options, sum_factory())->run(source, sink, {}), Error);
}

TEST_F(ProcessExecutor, MakesAFrameThatCannotBeHadAFailedResult) {
  GreyFrames source(5);
  source.unreadable = 2;
  Results sink;
  make_executor(processes(2), sum_factory())->run(source, sink, {});
  ASSERT_EQ(sink.results.size(), 5U);
  EXPECT_EQ(sink.results[2].error, "gone");
}

}  // namespace
}  // namespace capillaryx
