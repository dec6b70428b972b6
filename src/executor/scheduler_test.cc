// SPDX-License-Identifier: Apache-2.0
#include "executor/scheduler.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace capillaryx {
namespace {

using Kind = Command::Kind;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A scheduler whose commands are kept by kind; time stands where the test puts it.
struct Bench {
  explicit Bench(const SchedulerLimits& limits) : scheduler(limits, store) { scheduler.begin(now); }

  std::vector<Command> take(Kind kind) {
    for (auto& command : scheduler.take_commands()) commands.push_back(command);
    std::vector<Command> taken;
    std::vector<Command> left;
    for (auto& command : commands) (command.kind == kind ? taken : left).push_back(command);
    commands = left;
    return taken;
  }
  void submit(int frames) {
    for (int i = 0; i < frames; ++i) scheduler.submit(now);
  }
  void ready() {
    for (const auto& start : take(Kind::kStart)) scheduler.worker_ready(start.worker, now);
  }
  /// Hands frames in, starts the workers for them, and says who was given what.
  std::vector<Command> give(int frames) {
    submit(frames);
    ready();
    return take(Kind::kAssign);
  }

  ControlStore store;
  SchedulerLimits::Time now{0};
  Scheduler scheduler;
  std::vector<Command> commands;
};

SchedulerLimits limits_of(int workers) {
  SchedulerLimits limits;
  limits.workers = workers;
  return limits;
}

/// One worker, and frames that wait too long are dropped.
SchedulerLimits live_limits(WhenBehind policy, Scheduler::Time max_wait) {
  SchedulerLimits limits = limits_of(1);
  limits.when_behind = policy;
  limits.max_wait = max_wait;
  return limits;
}

TEST(Scheduler, StartsNoMoreWorkersThanThereAreFrames) {
  Bench bench(limits_of(8));
  EXPECT_TRUE(bench.take(Kind::kStart).empty());
  bench.submit(2);
  const auto starts = bench.take(Kind::kStart);
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0].slot, 0);
  EXPECT_EQ(starts[1].slot, 1);
}

TEST(Scheduler, GivesProbesBeforeFramesAndDeliversBothInOrder) {
  Bench bench(limits_of(1));
  bench.give(1);
  bench.submit(40);
  const FrameId probe = bench.scheduler.submit(bench.now, TaskKind::kProbe);
  const WorkerId worker = 0;
  EXPECT_TRUE(bench.scheduler.frame_done(worker, 0, true, bench.now += milliseconds(20)));
  EXPECT_EQ(bench.take(Kind::kAssign).at(0).frame, probe);
  EXPECT_EQ(bench.take(Kind::kDeliver).size(), 1U);
  EXPECT_TRUE(bench.scheduler.frame_done(worker, probe, true, bench.now));
  EXPECT_TRUE(bench.take(Kind::kDeliver).empty());
  const ExecutorStatus status = bench.store.status();
  EXPECT_EQ(status.frames_submitted, 41);
  EXPECT_EQ(status.frames_ok, 1);
  EXPECT_EQ(status.frames_in_flight, 40);
}

TEST(Scheduler, DropsNoProbe) {
  for (const WhenBehind policy : {WhenBehind::kDropOldest, WhenBehind::kDropNewest}) {
    Bench bench(live_limits(policy, milliseconds(10)));
    bench.ready();
    bench.give(3);
    const FrameId probe = bench.scheduler.submit(bench.now, TaskKind::kProbe);
    bench.now += seconds(5);
    bench.submit(3);
    EXPECT_EQ(bench.store.task(probe).state, TaskState::kWaiting);
    EXPECT_GT(bench.store.status().frames_dropped, 0);
  }
}

TEST(Scheduler, GivesAProbeUpAfterAsManyWorkersAsAFrame) {
  Bench bench(limits_of(1));
  const FrameId probe = bench.scheduler.submit(bench.now, TaskKind::kProbe);
  for (int i = 0; i < 3; ++i) {
    bench.ready();
    ASSERT_EQ(bench.take(Kind::kAssign).at(0).frame, probe);
    bench.scheduler.worker_ended(i, "it crashed", bench.now);
  }
  const auto delivered = bench.take(Kind::kDeliver);
  ASSERT_EQ(delivered.size(), 1U);
  EXPECT_EQ(delivered[0].reason, "it crashed (tried 3 times)");
  EXPECT_EQ(bench.store.status().frames_failed, 0);
}

TEST(Scheduler, DeliversInOrderWhateverOrderResultsComeIn) {
  Bench bench(limits_of(2));
  const auto given = bench.give(2);
  ASSERT_EQ(given.size(), 2U);
  EXPECT_NE(given[0].worker, given[1].worker);
  EXPECT_TRUE(bench.scheduler.frame_done(given[1].worker, 1, true, bench.now));
  EXPECT_TRUE(bench.take(Kind::kDeliver).empty());
  EXPECT_TRUE(bench.scheduler.frame_done(given[0].worker, 0, false, bench.now));
  const auto delivered = bench.take(Kind::kDeliver);
  ASSERT_EQ(delivered.size(), 2U);
  EXPECT_EQ(delivered[0].frame, 0);
  EXPECT_EQ(delivered[0].state, TaskState::kFailed);
  EXPECT_EQ(delivered[1].state, TaskState::kOk);
  bench.scheduler.source_ended();
  EXPECT_TRUE(bench.scheduler.finished());
}

/// Frames of 20 ms, until each worker is known to take that long.
struct WarmBench : Bench {
  WarmBench(const SchedulerLimits& limits, int frames) : Bench(limits) {
    submit(limits.workers);
    ready();
    const auto first = take(Kind::kAssign);
    now += milliseconds(20);
    submit(frames);
    for (const auto& given : first) scheduler.frame_done(given.worker, given.frame, true, now);
    for (const auto& given : take(Kind::kAssign)) frames_of[given.worker].push_back(given.frame);
  }
  /// Everything that the workers have is done; how many frames each was given then.
  void do_all() {
    for (auto& [worker, given] : std::exchange(frames_of, {})) {
      for (const FrameId frame : given) scheduler.frame_done(worker, frame, true, now);
    }
    for (const auto& given : take(Kind::kAssign)) frames_of[given.worker].push_back(given.frame);
  }

  std::map<WorkerId, std::vector<FrameId>> frames_of;
};

TEST(Scheduler, GivesFramesAheadOfNeedWhileThereArePlenty) {
  WarmBench bench(limits_of(2), 20);
  ASSERT_EQ(bench.frames_of.size(), 2U);
  for (const auto& [worker, frames] : bench.frames_of) EXPECT_EQ(frames.size(), 6U);
}

TEST(Scheduler, KeepsTheLastFramesForWhoeverIsFreeFirst) {
  WarmBench bench(limits_of(2), 4);
  for (const auto& [worker, frames] : bench.frames_of) EXPECT_EQ(frames.size(), 1U);
  const auto first = *bench.frames_of.begin();
  bench.now += milliseconds(20);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(bench.scheduler.frame_done(first.first, i == 0 ? first.second[0] : bench.frames_of[first.first][0],
                                           true, bench.now));
    const auto given = bench.take(Kind::kAssign);
    ASSERT_EQ(given.size(), 1U);
    EXPECT_EQ(given[0].worker, first.first);
    bench.frames_of[first.first] = {given[0].frame};
  }
}

TEST(Scheduler, LetsItsDriverRestWhileEveryWorkerHasFramesAhead) {
  WarmBench bench(limits_of(2), 20);
  const auto rest = bench.scheduler.rest_until(bench.now);
  ASSERT_TRUE(rest);
  EXPECT_GT(*rest, bench.now + milliseconds(20));
  EXPECT_LE(*rest, bench.now + milliseconds(50));
  bench.do_all();
  bench.do_all();
  EXPECT_FALSE(bench.scheduler.rest_until(bench.now)) << "a worker will soon have nothing to do";
}

TEST(Scheduler, NeitherGivesAheadNorRestsInALiveRun) {
  SchedulerLimits limits = limits_of(2);
  limits.live = true;
  WarmBench bench(limits, 20);
  for (const auto& [worker, frames] : bench.frames_of) EXPECT_EQ(frames.size(), 1U);
  EXPECT_FALSE(bench.scheduler.rest_until(bench.now));
}

TEST(Scheduler, BlamesOnlyTheFrameThatAWorkerWasAtForItsEnd) {
  WarmBench bench(limits_of(1), 12);
  const auto [worker, frames] = *bench.frames_of.begin();
  ASSERT_GT(frames.size(), 2U);
  bench.scheduler.worker_ended(worker, "killed by signal 9", bench.now);
  EXPECT_EQ(bench.store.task(frames[0]).attempts, 1);
  for (std::size_t i = 1; i < frames.size(); ++i) EXPECT_EQ(bench.store.task(frames[i]).attempts, 0);
}

TEST(Scheduler, TriesAFrameAgainOnAnotherWorkerAndGivesItUpAfterTheLastAttempt) {
  Bench bench(limits_of(1));
  bench.submit(1);
  std::vector<WorkerId> used;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    bench.ready();
    const auto given = bench.take(Kind::kAssign);
    ASSERT_EQ(given.size(), 1U);
    EXPECT_EQ(given[0].attempt, attempt);
    used.push_back(given[0].worker);
    bench.scheduler.worker_ended(given[0].worker, "killed by signal 11", bench.now);
  }
  EXPECT_NE(used[0], used[1]);
  const auto delivered = bench.take(Kind::kDeliver);
  ASSERT_EQ(delivered.size(), 1U);
  EXPECT_EQ(delivered[0].state, TaskState::kFailed);
  EXPECT_EQ(delivered[0].reason, "killed by signal 11 (tried 3 times)");
  EXPECT_EQ(bench.store.status().retries, 2);
  EXPECT_EQ(bench.store.status().worker_deaths, 3);
}

TEST(Scheduler, EndsAWorkerWhoseFrameTakesTooLong) {
  Bench bench(limits_of(1));
  const auto given = bench.give(1);
  EXPECT_EQ(bench.scheduler.next_deadline(), bench.now + seconds(60));
  bench.scheduler.check_time(bench.now + seconds(59));
  EXPECT_TRUE(bench.take(Kind::kEnd).empty());
  bench.now += seconds(60);
  bench.scheduler.check_time(bench.now);
  ASSERT_EQ(bench.take(Kind::kEnd).size(), 1U);
  EXPECT_FALSE(bench.scheduler.frame_done(given[0].worker, 0, true, bench.now)) << "it was given up already";
  bench.scheduler.worker_ended(given[0].worker, "killed by signal 9", bench.now);
  EXPECT_EQ(bench.take(Kind::kStart).size(), 1U);
  EXPECT_EQ(bench.store.status().frames_in_flight, 1);
}

TEST(Scheduler, EndsTheRunAfterTwentyFailedStartsInARow) {
  Bench bench(limits_of(2));
  bench.submit(5);
  int failed = 0;
  const auto fail_all = [&] {
    for (const auto& start : bench.take(Kind::kStart)) {
      bench.scheduler.worker_ended(start.worker, "exited with 127", bench.now);
      ++failed;
    }
  };
  while (failed < 18) fail_all();
  EXPECT_EQ(bench.scheduler.fatal(), "");
  const auto starts = bench.take(Kind::kStart);
  bench.scheduler.worker_ready(starts[0].worker, bench.now);
  bench.scheduler.worker_ended(starts[0].worker, "killed by signal 9", bench.now);
  failed = 0;
  bench.scheduler.worker_ended(starts[1].worker, "exited with 127", bench.now);
  ++failed;
  while (bench.scheduler.fatal().empty() && failed < 100) fail_all();
  EXPECT_GE(failed, 20);
  EXPECT_LE(failed, 21);
  EXPECT_NE(bench.scheduler.fatal().find("exited with 127"), std::string::npos);
  EXPECT_EQ(bench.scheduler.wanted_frames(), 0);
}

TEST(Scheduler, GivesAWorkerSeveralShortFramesAtOnceAndCountsOnlyTheFirstAsTried) {
  Bench bench(limits_of(1));
  const auto first = bench.give(10);
  ASSERT_EQ(first.size(), 1U);
  bench.now += microseconds(100);
  bench.scheduler.frame_done(first[0].worker, 0, true, bench.now);
  ASSERT_EQ(bench.take(Kind::kAssign).size(), 9U);
  bench.scheduler.worker_ended(first[0].worker, "killed by signal 9", bench.now);
  EXPECT_EQ(bench.store.task(1).attempts, 1);
  EXPECT_EQ(bench.store.task(2).attempts, 0);
  bench.ready();
  const auto again = bench.take(Kind::kAssign);
  ASSERT_EQ(again.size(), 1U) << "a new worker is not known to be quick";
  EXPECT_EQ(again[0].frame, 1);
  EXPECT_EQ(again[0].attempt, 2);
}

TEST(Scheduler, WaitsWhileTheObjectStoreIsFull) {
  Bench bench(limits_of(2));
  const auto given = bench.give(2);
  bench.scheduler.frame_refused(given[1].worker, 1, bench.now);
  EXPECT_TRUE(bench.take(Kind::kAssign).empty());
  bench.scheduler.frame_done(given[0].worker, 0, true, bench.now);
  const auto again = bench.take(Kind::kAssign);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].frame, 1);
  EXPECT_EQ(again[0].attempt, 1) << "a full store is no try";
}

TEST(Scheduler, GivesAFrameUpWhenTheObjectStoreStaysFull) {
  Bench bench(limits_of(1));
  const auto given = bench.give(1);
  bench.scheduler.frame_refused(given[0].worker, 0, bench.now);
  bench.scheduler.check_time(bench.now + seconds(121));
  const auto delivered = bench.take(Kind::kDeliver);
  ASSERT_EQ(delivered.size(), 1U);
  EXPECT_EQ(delivered[0].reason, "the object store was full for 120 s");
}

TEST(Scheduler, AsksForNoMoreFramesThanItsBounds) {
  SchedulerLimits limits = limits_of(2);
  limits.max_unfinished = 4;
  limits.max_undelivered = 6;
  Bench bench(limits);
  EXPECT_EQ(bench.scheduler.wanted_frames(), 4);
  const auto given = bench.give(4);
  EXPECT_EQ(bench.scheduler.wanted_frames(), 0);
  // Frame 0 holds everything up: what comes after it is done but cannot be delivered.
  bench.scheduler.frame_done(given[1].worker, 1, true, bench.now + seconds(1));
  EXPECT_EQ(bench.scheduler.wanted_frames(), 1);
  bench.submit(1);
  bench.scheduler.frame_done(given[1].worker, 2, true, bench.now + seconds(2));
  bench.submit(1);
  bench.scheduler.frame_done(given[1].worker, 3, true, bench.now + seconds(3));
  EXPECT_EQ(bench.scheduler.wanted_frames(), 0) << "six are undelivered";
}

TEST(Scheduler, DropsTheOldestOrTheNewestThatWaits) {
  for (const auto policy : {WhenBehind::kDropOldest, WhenBehind::kDropNewest}) {
    SchedulerLimits limits = limits_of(1);
    limits.when_behind = policy;
    limits.max_unfinished = 3;
    Bench bench(limits);
    bench.give(1);
    bench.submit(3);
    EXPECT_EQ(bench.store.status().frames_dropped, 1);
    const FrameId dropped = policy == WhenBehind::kDropOldest ? 1 : 3;
    EXPECT_EQ(bench.store.task(dropped).state, TaskState::kDropped);
    EXPECT_EQ(bench.store.status().frames_in_flight, 3);
  }
}

TEST(Scheduler, AFrameThatWaitedTooLongIsDroppedOnceANewerOneWaits) {
  Bench bench(live_limits(WhenBehind::kDropOldest, milliseconds(10)));
  const auto given = bench.give(1);
  bench.submit(1);
  bench.now = milliseconds(6);
  bench.submit(1);
  bench.now = milliseconds(11);
  EXPECT_EQ(bench.store.status().frames_dropped, 0);
  bench.submit(1);
  EXPECT_EQ(bench.store.task(1).state, TaskState::kDropped);
  EXPECT_EQ(bench.store.status().frames_dropped, 1);
  // Also when a worker asks for the next; the newest goes to it, however late.
  bench.now = seconds(5);
  bench.scheduler.frame_done(given[0].worker, 0, true, bench.now);
  EXPECT_EQ(bench.store.status().frames_dropped, 2);
  const auto next = bench.take(Kind::kAssign);
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].frame, 3);
}

TEST(Scheduler, NoFrameIsTakenWhileOneHasWaitedTooLong) {
  Bench bench(live_limits(WhenBehind::kDropNewest, milliseconds(10)));
  const auto given = bench.give(1);
  bench.submit(2);
  bench.now = milliseconds(11);
  bench.submit(1);
  EXPECT_EQ(bench.store.task(3).state, TaskState::kDropped);
  bench.scheduler.frame_done(given[0].worker, 0, true, bench.now);
  bench.scheduler.frame_done(given[0].worker, 1, true, bench.now);
  bench.submit(1);
  EXPECT_EQ(bench.store.status().frames_dropped, 1);
}

TEST(Scheduler, AHiccupDropsNothingAndALastingOverloadKeepsFewWaiting) {
  for (const auto policy : {WhenBehind::kDropOldest, WhenBehind::kDropNewest}) {
    Bench bench(live_limits(policy, seconds(60)));
    const auto given = bench.give(1);
    bench.submit(11);
    bench.now = milliseconds(900);
    bench.submit(1);
    EXPECT_EQ(bench.store.status().frames_dropped, 0);
    bench.now = milliseconds(1100);
    bench.submit(1);
    EXPECT_EQ(bench.store.status().frames_dropped, policy == WhenBehind::kDropOldest ? 11 : 1);
    EXPECT_EQ(bench.store.status().frames_in_flight, policy == WhenBehind::kDropOldest ? 3 : 13);
    // Once nothing waits it is over.
    const std::int64_t dropped = bench.store.status().frames_dropped;
    for (FrameId frame = 0; frame < 14; ++frame) bench.scheduler.frame_done(given[0].worker, frame, true, bench.now);
    EXPECT_EQ(bench.store.status().frames_in_flight, 0);
    bench.submit(10);
    EXPECT_EQ(bench.store.status().frames_dropped, dropped);
  }
}

TEST(Scheduler, ALimitThatComesLateIsKept) {
  SchedulerLimits limits = limits_of(1);
  limits.when_behind = WhenBehind::kDropOldest;
  Bench bench(limits);
  bench.give(1);
  bench.submit(1);
  bench.scheduler.limit_unfinished(3);
  bench.submit(4);
  EXPECT_EQ(bench.store.status().frames_in_flight, 3);
}

TEST(Scheduler, ALiveRunAsksForFramesOnlyWhenEveryWorkerIsReady) {
  SchedulerLimits limits = limits_of(2);
  limits.live = true;
  Bench bench(limits);
  const auto starts = bench.take(Kind::kStart);
  ASSERT_EQ(starts.size(), 2U);
  bench.scheduler.worker_ready(starts[0].worker, bench.now);
  EXPECT_EQ(bench.scheduler.wanted_frames(), 0);
  bench.scheduler.worker_ready(starts[1].worker, bench.now);
  EXPECT_GT(bench.scheduler.wanted_frames(), 0);
}

}  // namespace
}  // namespace capillaryx
