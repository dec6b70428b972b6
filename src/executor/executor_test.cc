// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "capillaryx/error.h"
#include "executor/test_frames.h"

namespace capillaryx {
namespace {

using testing_frames::GreyFrames;
using testing_frames::Results;
using testing_frames::sum_factory;
using testing_frames::SumAnalyzer;

std::vector<FrameResult> run_with(Options options, std::int64_t frames, const AnalyzerFactory& factory) {
  GreyFrames source(frames);
  Results sink;
  make_executor(options, factory)->run(source, sink, {});
  return sink.results;
}

Options driver(std::int64_t workers) {
  Options options;
  options.executor = ExecutorKind::kDriver;
  options.worker_kind = WorkerKind::kThread;
  options.workers = workers;
  return options;
}

Options serial() {
  Options options;
  options.executor = ExecutorKind::kSerial;
  return options;
}

TEST(Executor, ProbesFilesForTheSourceWhileItWaits) {
  for (const Options& options : {serial(), driver(1), driver(3)}) {
    testing_frames::ProbingFrames source(20, testing_frames::picture_file());
    Results sink;
    const auto executor = make_executor(options, sum_factory());
    executor->run(source, sink, {});
    ASSERT_EQ(sink.results.size(), 20U);
    EXPECT_EQ(sink.results[19].index, 19);
    EXPECT_EQ(sink.results[19].time_s, 40);
    ASSERT_TRUE(source.last.input) << source.last.error;
    EXPECT_EQ(executor->status().frames_ok, 20);
    EXPECT_EQ(executor->status().frames_submitted, 20);
  }
}

TEST(Executor, GivesTheSameResultsInOrderForAnyNumberOfWorkers) {
  const auto expected = run_with(serial(), 200, sum_factory());
  ASSERT_EQ(expected.size(), 200U);
  EXPECT_EQ(expected[7].values.at("sum"), testing_frames::sum_of_frame(7));
  for (const std::int64_t workers : {1, 2, 3, 8, 17}) {
    const auto results = run_with(driver(workers), 200, sum_factory());
    ASSERT_EQ(results.size(), expected.size()) << workers << " workers";
    for (std::size_t i = 0; i < results.size(); ++i) {
      EXPECT_EQ(results[i].index, static_cast<std::int64_t>(i));
      EXPECT_EQ(results[i].source, expected[i].source);
      EXPECT_EQ(results[i].values, expected[i].values);
      EXPECT_EQ(results[i].status, Status::kOk);
    }
  }
}

TEST(Executor, GivesNothingForASourceWithoutFrames) {
  EXPECT_TRUE(run_with(serial(), 0, sum_factory()).empty());
  EXPECT_TRUE(run_with(driver(3), 0, sum_factory()).empty());
}

TEST(Executor, TurnsWhatAnAnalyzerThrowsIntoThatFramesFailure) {
  const auto throws = [](const Options&) {
    return std::make_unique<SumAnalyzer>([](const Frame& frame, FrameResult& result) {
      if (frame.info().index == 3) throw std::runtime_error("no skin in sight");
      if (frame.info().index == 5) throw 5;
      if (frame.info().index == 7) result.density = std::numeric_limits<double>::quiet_NaN();
    });
  };
  for (const auto& options : {serial(), driver(2)}) {
    const auto results = run_with(options, 10, throws);
    ASSERT_EQ(results.size(), 10U);
    EXPECT_EQ(results[3].error, "no skin in sight");
    EXPECT_EQ(results[5].status, Status::kFailed);
    EXPECT_NE(results[7].error.find("not a finite number"), std::string::npos);
    EXPECT_TRUE(results[7].values.empty());
    for (const int i : {0, 1, 2, 4, 6, 8, 9}) EXPECT_EQ(results[i].status, Status::kOk) << i;
  }
}

TEST(Executor, MakesAFrameThatCannotBeHadAFailedResult) {
  for (const auto& options : {serial(), driver(2)}) {
    GreyFrames source(5);
    source.unreadable = 2;
    Results sink;
    make_executor(options, sum_factory())->run(source, sink, {});
    ASSERT_EQ(sink.results.size(), 5U);
    EXPECT_EQ(sink.results[2].status, Status::kFailed);
    EXPECT_EQ(sink.results[2].error, "gone");
    EXPECT_EQ(sink.results[2].source, "frame2");
  }
}

TEST(Executor, EndsTheRunWithTheErrorOfAnAnalyzerThatCannotBeMade) {
  const AnalyzerFactory broken = [](const Options&) -> std::unique_ptr<Analyzer> {
    throw Error(ErrorKind::kModel, "no network");
  };
  for (const auto& options : {serial(), driver(2)}) {
    try {
      run_with(options, 3, broken);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kModel);
      EXPECT_STREQ(error.what(), "no network");
    }
  }
}

TEST(Executor, WritesWhatWasReadBeforeTheSourcesError) {
  for (const auto& options : {serial(), driver(2)}) {
    GreyFrames source(10);
    source.breaks_at = 6;
    Results sink;
    EXPECT_THROW(make_executor(options, sum_factory())->run(source, sink, {}), Error);
    EXPECT_EQ(sink.results.size(), 6U);
  }
}

TEST(Executor, PassesOnWhatTheSinkThrows) {
  for (const auto& options : {serial(), driver(2)}) {
    GreyFrames source(50);
    CallbackSink sink([](const FrameResult& result) {
      if (result.index == 4) throw Error(ErrorKind::kOutput, "disk full");
    });
    EXPECT_THROW(make_executor(options, sum_factory())->run(source, sink, {}), Error);
  }
}

TEST(Executor, FinishesTheFramesInFlightWhenStopped) {
  for (const auto& options : {serial(), driver(2)}) {
    GreyFrames source(1'000'000);
    std::stop_source stop;
    std::int64_t written = 0;
    CallbackSink sink([&](const FrameResult& result) {
      EXPECT_EQ(result.index, written++);
      if (written == 20) stop.request_stop();
    });
    const auto executor = make_executor(options, sum_factory());
    executor->run(source, sink, stop.get_token());
    EXPECT_GE(written, 20);
    EXPECT_LT(written, 10'000);
    EXPECT_EQ(executor->status().frames_done(), written);
    EXPECT_EQ(executor->status().frames_in_flight, 0);
  }
}

TEST(Executor, AsksForOverlaysInFrameOrderBeforeAFrameIsHandedOut) {
  for (const auto& options : {serial(), driver(3)}) {
    GreyFrames source(60);
    Results sink;
    make_executor(options, sum_factory())->run(source, sink, {});
    ASSERT_EQ(sink.files_asked.size(), 60U);
    for (std::size_t i = 0; i < 60; ++i) EXPECT_EQ(sink.files_asked[i], static_cast<std::int64_t>(i));
  }
}

TEST(Executor, HandsResultsOnWhileALiveSourceWaits) {
  GreyFrames source(3);
  std::mutex mutex;
  std::condition_variable changed;
  int written = 0;
  source.before_next = [&](std::int64_t index) {
    // The camera gives its third frame only once the first two have been written.
    std::unique_lock lock(mutex);
    if (index == 2) changed.wait(lock, [&] { return written == 2; });
  };
  CallbackSink sink([&](const FrameResult&) {
    const std::lock_guard lock(mutex);
    ++written;
    changed.notify_one();
  });
  make_executor(driver(2), sum_factory())->run(source, sink, {});
  EXPECT_EQ(written, 3);
}

TEST(Executor, GivesUpAFrameThatHangsAndGoesOnWithTheRest) {
  Options options = driver(2);
  options.timeout_s = 0.1;
  options.max_attempts = 2;
  const auto release = std::make_shared<std::atomic<bool>>(false);
  const auto running = std::make_shared<std::atomic<int>>(0);
  const auto hangs = [release, running](const Options&) {
    return std::make_unique<SumAnalyzer>([release, running](const Frame& frame, FrameResult&) {
      if (frame.info().index != 4) return;
      ++*running;
      while (!*release) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      --*running;
    });
  };
  const auto results = run_with(options, 20, hangs);
  ASSERT_EQ(results.size(), 20U);
  for (const auto& result : results) EXPECT_EQ(result.status, result.index == 4 ? Status::kFailed : Status::kOk);
  EXPECT_EQ(results[4].error, "the frame took longer than 0.1 s (tried 2 times)");
  *release = true;
  while (*running > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(Executor, CountsWhatALiveRunDrops) {
  Options options = driver(1);
  options.when_behind = WhenBehind::kDropNewest;
  options.max_wait_ms = 0;  // one at work, one that waits
  std::mutex mutex;
  std::condition_variable changed;
  bool all_read = false;
  GreyFrames source(50);
  source.before_end = [&] {
    const std::lock_guard lock(mutex);
    all_read = true;
    changed.notify_all();
  };
  const auto waits = [&](const Options&) {
    return std::make_unique<SumAnalyzer>([&](const Frame&, FrameResult&) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return all_read; });
    });
  };
  Results sink;
  const auto executor = make_executor(options, waits);
  executor->run(source, sink, {});
  ASSERT_EQ(sink.results.size(), 50U);
  std::int64_t dropped = 0;
  for (const auto& result : sink.results) dropped += result.status == Status::kDropped ? 1 : 0;
  EXPECT_EQ(dropped, 48);
  EXPECT_EQ(executor->status().frames_dropped, dropped);
  EXPECT_EQ(sink.results[0].status, Status::kOk);
  EXPECT_EQ(sink.results[49].status, Status::kDropped);
}

}  // namespace
}  // namespace capillaryx
