// SPDX-License-Identifier: Apache-2.0
#include "executor/scheduler_simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace capillaryx {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// CAPILLARYX_SIMULATION_SEED replays one world; CAPILLARYX_SIMULATION_FRAMES makes a longer run of many.
TEST(SchedulerSimulation, KeepsItsPromisesInRandomWorlds) {
  if (const auto seed = number_from_environment("CAPILLARYX_SIMULATION_SEED", 0)) {
    const auto report = simulate(random_world(seed));
    EXPECT_EQ(report.violation, "");
    EXPECT_EQ(report.fatal, "");
    return;
  }
  const auto least = static_cast<std::int64_t>(number_from_environment("CAPILLARYX_SIMULATION_FRAMES", 200'000));
  std::int64_t frames = 0;
  std::int64_t failed = 0;
  std::int64_t dropped = 0;
  std::int64_t deaths = 0;
  for (std::uint64_t seed = 1; frames < least; ++seed) {
    const auto options = random_world(seed);
    const auto report = simulate(options);
    ASSERT_EQ(report.violation + report.fatal, "")
        << "replay: CAPILLARYX_SIMULATION_SEED=" << seed << " executor_test --gtest_filter=SchedulerSimulation.Keeps*";
    frames += options.frames;
    failed += report.failed;
    dropped += report.dropped;
    deaths += report.deaths;
  }
  // The worlds are hostile enough to be worth the name.
  EXPECT_GT(failed, 100);
  EXPECT_GT(dropped, 100);
  EXPECT_GT(deaths, 1000);
}

TEST(SchedulerSimulation, IsTheSameForTheSameSeed) {
  const auto first = simulate(random_world(7));
  const auto second = simulate(random_world(7));
  EXPECT_EQ(first.events, second.events);
  EXPECT_EQ(first.ended, second.ended);
  EXPECT_EQ(first.failed, second.failed);
}

TEST(SchedulerSimulation, DrivesTenThousandWorkers) {
  SimulationOptions options;
  options.limits.workers = 10'000;
  options.limits.max_unfinished = 20'000;
  options.limits.max_undelivered = 80'000;
  options.frames = static_cast<std::int64_t>(number_from_environment("CAPILLARYX_SIMULATION_FRAMES", 50'000));
  options.death = 0.001;
  options.hang = 0.0001;
  options.lost = 0.0001;
  options.late = 0.01;
  const auto report = simulate(options);
  EXPECT_EQ(report.violation, "");
  EXPECT_EQ(report.fatal, "");
  EXPECT_EQ(report.ok + report.failed, options.frames);
}

TEST(SchedulerSimulation, WithoutFaultsEveryFrameIsOkAndTheWorkersAreKeptBusy) {
  for (const int workers : {1, 2, 16}) {
    SimulationOptions options;
    options.limits.workers = workers;
    options.frames = 1000;
    options.frame_variation = 0;
    options.start_time = microseconds(1);
    const auto report = simulate(options);
    EXPECT_EQ(report.violation, "");
    EXPECT_EQ(report.ok, 1000);
    EXPECT_EQ(report.deaths, 0);
    const double ideal_ms = 20.0 * ((1000 + workers - 1) / workers);
    EXPECT_LT(std::chrono::duration<double>(report.ended).count() * 1e3, 1.02 * ideal_ms + 1) << workers;
  }
}

TEST(SchedulerSimulation, FailsExactlyTheFramesThatKillTheirWorkers) {
  SimulationOptions options;
  options.limits.workers = 4;
  options.frames = 1000;
  options.poison_every = 50;
  const auto report = simulate(options);
  EXPECT_EQ(report.violation, "");
  EXPECT_EQ(report.failed, 20);
  EXPECT_EQ(report.ok, 980);
  EXPECT_EQ(report.deaths, 60);
}

TEST(SchedulerSimulation, EndsTheRunWhenNoWorkerStarts) {
  SimulationOptions options;
  options.limits.workers = 8;
  options.failed_start = 1;
  const auto report = simulate(options);
  EXPECT_NE(report.fatal.find("20 workers in a row did not start"), std::string::npos);
  EXPECT_EQ(report.violation, "");
}

TEST(SchedulerSimulation, ACameraThatIsTooFastLosesFramesButNoResult) {
  for (const auto policy : {WhenBehind::kDropOldest, WhenBehind::kDropNewest}) {
    SimulationOptions options;
    options.limits.workers = 2;
    options.limits.max_unfinished = 5;
    options.limits.live = true;
    options.limits.when_behind = policy;
    options.source_interval = milliseconds(5);
    options.frames = 2000;
    const auto report = simulate(options);
    EXPECT_EQ(report.violation, "");
    EXPECT_NEAR(static_cast<double>(report.ok), 1000, 60);
    EXPECT_EQ(report.ok + report.dropped, 2000);
  }
}

}  // namespace
}  // namespace capillaryx
