// SPDX-License-Identifier: Apache-2.0
#include "executor/actor_worker.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "capillaryx/error.h"
#include "executor/test_frames.h"
#include "os/process.h"

namespace capillaryx {
namespace {

using testing_frames::grey_frame;
using testing_frames::sum_of_frame;

/// The analyzers are those of worker_main_test.cc.
std::unique_ptr<ActorWorker> actor_with(const std::string& analyzer, std::int64_t memory_limit_mb = 0) {
  Options options;
  options.analyzer = analyzer;
  options.memory_limit_mb = memory_limit_mb;
  return std::make_unique<ActorWorker>(options, std::vector<std::string>{program_path(), "worker"});
}

TEST(ActorWorker, GivesTheResultOfEachFrame) {
  const auto actor = actor_with("sum");
  for (std::int64_t index = 0; index < 20; ++index) {
    const auto result = actor->run(grey_frame(index), {});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->index, index);
    EXPECT_EQ(result->values.at("sum"), sum_of_frame(index));
  }
  EXPECT_EQ(actor->ended(), "");
}

TEST(ActorWorker, TellsHowAFrameKilledTheProcess) {
  for (const auto& [analyzer, how] : {std::pair{"crash_100", "the worker was lost: killed by SIGABRT"},
                                      std::pair{"exit_100", "the worker was lost: exited with code 3"}}) {
    const auto actor = actor_with(analyzer);
    ASSERT_TRUE(actor->run(grey_frame(3), {}));
    EXPECT_FALSE(actor->run(grey_frame(4), {}));
    EXPECT_EQ(actor->ended(), how);
    EXPECT_FALSE(actor->run(grey_frame(5), {})) << "it stays gone";
    EXPECT_EQ(actor->ended(), how);
  }
}

TEST(ActorWorker, TellsHowAProcessCouldNotStart) {
  EXPECT_EQ(actor_with("dies_at_start")->ended(), "the worker was lost: exited with code 7");
  Options options;
  const ActorWorker none(options, {"/no/such/program"});
  EXPECT_NE(none.ended().find("/no/such/program"), std::string::npos);
}

TEST(ActorWorker, ThrowsWhatEndsTheRun) {
  try {
    actor_with("broken");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kModel);
    EXPECT_STREQ(error.what(), "no network");
  }
}

// Sanitizers take more address space than any limit would leave them.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(ActorWorker, KeepsTheMemoryLimit) {
  const auto actor = actor_with("leak_100", 200);
  ASSERT_TRUE(actor->run(grey_frame(3), {}));
  EXPECT_FALSE(actor->run(grey_frame(4), {}));
  EXPECT_EQ(actor->ended(), "the worker was lost: out of memory (limit 200 MB)");
}
#endif

TEST(ActorWorker, LocksTheProcessDown) {
  EXPECT_EQ(actor_with("opens_1")->run(grey_frame(4), {})->values.at("opened"), 0);
}

TEST(ActorWorker, AFramesPixelsMayBeKeptByItsAnalyzer) {
  const auto actor = actor_with("keep_1");
  for (std::int64_t index = 0; index < 20; ++index) {
    const auto result = actor->run(grey_frame(index), {});
    ASSERT_TRUE(result);
    if (index < 2) continue;
    EXPECT_EQ(result->values.at("oldest"), sum_of_frame(static_cast<std::int64_t>(result->values.at("oldest_index"))));
  }
}

}  // namespace
}  // namespace capillaryx
