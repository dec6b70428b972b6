// SPDX-License-Identifier: Apache-2.0
#include "pipeline/frame_run.h"

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

/// `count` frames without pixels, or a wait without end after them.
class NumberedSource : public FrameSource {
 public:
  explicit NumberedSource(std::int64_t count, bool live = false) : count_(count), live_(live) {}

  std::optional<Frame> next() override {
    if (given_ == count_ && live_) {
      std::unique_lock lock(mutex_);
      waits_ = true;
      changed_.notify_all();
      changed_.wait(lock, [this] { return stopped_; });
    }
    if (given_ == count_) return std::nullopt;
    return Frame::unreadable({.index = given_++, .source = "", .time_s = {}, .captured = {}}, "synthetic");
  }
  void stop() override {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  std::optional<std::int64_t> frame_count() const override { return count_; }

  void wait_until_waiting() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waits_; });
  }

 private:
  std::int64_t count_;
  std::int64_t given_ = 0;
  bool live_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool waits_ = false;
  bool stopped_ = false;
};

/// Gives each frame's index times `stride` as its result's.
class PlainExecutor : public Executor {
 public:
  explicit PlainExecutor(std::int64_t stride = 1) : stride_(stride) {}
  void run(FrameSource& source, ResultSink& sink, std::stop_token stop) override {
    while (!stop.stop_requested()) {
      const auto frame = source.next();
      if (!frame) return;
      FrameResult result;
      result.index = frame->info().index * stride_;
      result.density = 0.01;
      if (result.index % 2 == 1) {
        result.status = Status::kFailed;
        result.error = "odd";
      }
      sink.write(result);
      ++done_;
    }
  }
  ExecutorStatus status() const override {
    ExecutorStatus now;
    now.frames_ok = done_;
    return now;
  }
  int workers() const override { return 1; }

 private:
  std::int64_t stride_;
  std::atomic<std::int64_t> done_ = 0;
};

class FrameRun : public ::testing::Test {
 protected:
  std::vector<std::int64_t> indices_;
  CallbackSink sink_{[this](const FrameResult& result) { indices_.push_back(result.index); }};
  RunCounts counts_;
};

TEST_F(FrameRun, CountsWhatCame) {
  NumberedSource source(5);
  PlainExecutor executor;
  EXPECT_FALSE(run_frames(source, executor, sink_, counts_, {}, {}));
  EXPECT_THAT(indices_, ::testing::ElementsAre(0, 1, 2, 3, 4));
  const RunSummary summary = counts_.summary();
  EXPECT_EQ(summary.frames, 5);
  EXPECT_EQ(summary.ok, 3);
  EXPECT_EQ(summary.failed, 2);
  ASSERT_EQ(summary.failures.size(), 2U);
  EXPECT_EQ(summary.failures[1].index, 3);
  EXPECT_EQ(summary.failures[1].error, "odd");
}

TEST(RunCounts, TellsTheLatencyOfLiveRunsAlone) {
  RunCounts counts;
  FrameResult result;
  counts.add(result);
  EXPECT_FALSE(counts.summary().latency);
  for (int ms = 1; ms <= 101; ++ms) {
    result.timing.latency_ms = ms;
    counts.add(result);
  }
  const auto latency = counts.summary().latency;
  ASSERT_TRUE(latency);
  EXPECT_DOUBLE_EQ(latency->p50_ms, 51);
  EXPECT_DOUBLE_EQ(latency->p95_ms, 96);
  EXPECT_DOUBLE_EQ(latency->p99_ms, 100);
}

TEST_F(FrameRun, ResultsOutOfOrderEndTheRunBeforeTheyAreKept) {
  NumberedSource source(5);
  PlainExecutor executor(2);
  EXPECT_THROW(run_frames(source, executor, sink_, counts_, {}, {}), Error);
  EXPECT_THAT(indices_, ::testing::ElementsAre(0));
}

/// Takes every frame and loses the last.
class LosingExecutor : public PlainExecutor {
 public:
  void run(FrameSource& source, ResultSink& sink, std::stop_token /*stop*/) override {
    std::optional<Frame> before;
    while (const auto frame = source.next()) {
      FrameResult result;
      if (before) result.index = before->info().index;
      if (before) sink.write(result);
      before = frame;
    }
  }
};

TEST_F(FrameRun, AFrameThatWasLostEndsTheRun) {
  NumberedSource source(5);
  LosingExecutor executor;
  EXPECT_THROW(run_frames(source, executor, sink_, counts_, {}, {}), Error);
}

TEST_F(FrameRun, AStopThatLeavesFramesOutIsNoEnd) {
  NumberedSource source(5);
  LosingExecutor executor;
  std::stop_source stop;
  CallbackSink stopping([&stop](const FrameResult& result) {
    if (result.index == 3) stop.request_stop();
  });
  EXPECT_TRUE(run_frames(source, executor, stopping, counts_, stop.get_token(), {}));
}

TEST_F(FrameRun, GoesOnBehindWhatIsThere) {
  NumberedSource source(5);
  for (std::int64_t index = 0; index < 3; ++index) {
    FrameResult result;
    result.index = index;
    counts_.add(result);
  }
  source.skip(3);
  PlainExecutor executor;
  EXPECT_FALSE(run_frames(source, executor, sink_, counts_, {}, {}));
  EXPECT_THAT(indices_, ::testing::ElementsAre(3, 4));
  EXPECT_EQ(counts_.summary().frames, 5);
}

TEST_F(FrameRun, AStopWakesASourceThatWaits) {
  NumberedSource source(3, true);
  PlainExecutor executor;
  std::stop_source stop;
  std::jthread person([&] {
    source.wait_until_waiting();
    stop.request_stop();
  });
  EXPECT_TRUE(run_frames(source, executor, sink_, counts_, stop.get_token(), {}));
  EXPECT_EQ(counts_.summary().frames, 3);
}

TEST_F(FrameRun, ProgressShowsTheEnd) {
  NumberedSource source(4);
  PlainExecutor executor;
  Progress last;
  run_frames(source, executor, sink_, counts_, {}, [&last](const Progress& now) { last = now; });
  EXPECT_EQ(last.executor.frames_done(), 4);
  EXPECT_EQ(last.frame_count, 4);
}

TEST_F(FrameRun, ProgressThatThrowsDoesNotEndTheRun) {
  NumberedSource source(4);
  PlainExecutor executor;
  run_frames(source, executor, sink_, counts_, {}, [](const Progress&) { throw std::runtime_error("no screen"); });
  EXPECT_EQ(counts_.summary().frames, 4);
}

TEST(RunCounts, TheListOfFailuresIsBounded) {
  RunCounts counts;
  for (std::int64_t index = 0; index < 1000; ++index) {
    FrameResult result;
    result.index = index;
    result.status = Status::kFailed;
    counts.add(result);
  }
  EXPECT_EQ(counts.summary().failed, 1000);
  EXPECT_EQ(counts.summary().failures.size(), RunSummary::kMostFailures);
}

}  // namespace
}  // namespace capillaryx
