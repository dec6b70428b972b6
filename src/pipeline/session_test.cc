// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/session.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include "capillaryx/analyzer.h"
#include "capillaryx/error.h"
#include "capillaryx/pipeline.h"

namespace capillaryx {
namespace {

/// Gives the first pixel; fails on 13; waits on 200 until the gate opens.
std::atomic<bool> gate_open{true};
class FirstPixel : public Analyzer {
 public:
  std::string name() const override { return "first-pixel"; }
  std::string version() const override { return "1"; }
  ModelIdentity model() const override { return {}; }
  FrameResult analyze(const Frame& frame) override {
    const int first = *frame.pixels().data;
    if (first == 13) throw std::runtime_error("thirteen");
    if (first == 200) gate_open.wait(false);
    FrameResult result;
    result.values["first"] = first;
    return result;
  }
};

Options with_threads() {
  static const bool kRegistered = [] {
    register_analyzer("first-pixel", [](const Options&) { return std::make_unique<FirstPixel>(); });
    return true;
  }();
  Options options;
  options.workers = 2;
  options.worker_kind = WorkerKind::kThread;
  if (kRegistered) options.analyzer = "first-pixel";
  return options;
}

struct Picture {
  explicit Picture(int value) : pixels(64 * 64, static_cast<std::uint8_t>(value)) {}
  PixelView view() const { return {pixels.data(), 64, 64, 1, 64}; }
  std::vector<std::uint8_t> pixels;
};

TEST(Session, ResultsComeInTheOrderOfSubmission) {
  Session session(with_threads());
  std::thread program([&session] {
    for (int i = 0; i < 200; ++i) EXPECT_EQ(session.submit(Picture(i % 100 + 20).view(), "f" + std::to_string(i)), i);
    session.finish();
  });
  for (int i = 0; i < 200; ++i) {
    const auto result = session.next();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->index, i);
    EXPECT_EQ(result->source, "f" + std::to_string(i));
    EXPECT_EQ(result->values.at("first"), i % 100 + 20);
  }
  EXPECT_FALSE(session.next());
  program.join();
}

TEST(Session, AFrameThatFailsIsAResult) {
  Session session(with_threads());
  session.submit(Picture(13).view());
  session.submit(Picture(14).view());
  EXPECT_EQ(session.next()->error, "thirteen");
  EXPECT_EQ(session.next()->status, Status::kOk);
}

TEST(Session, PixelsAreNotCopiedForThreads) {
  Session session(with_threads());
  const auto picture = std::make_shared<Picture>(50);
  session.submit(Frame::from_pixels({}, picture->view(), picture));
  EXPECT_EQ(session.next()->values.at("first"), 50);
}

TEST(Session, IsBounded) {
  Session session(with_threads(), 3);
  const Frame frame = Frame::copy_pixels({}, Picture(30).view());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(session.try_submit(frame));
  EXPECT_FALSE(session.try_submit(frame));
  EXPECT_TRUE(session.wait(30));
  EXPECT_FALSE(session.try_submit(frame));  // results that nobody took count
  EXPECT_TRUE(session.try_next());
  EXPECT_TRUE(session.try_submit(frame));
}

TEST(Session, CancelEndsEveryWaitAtOnce) {
  gate_open = false;
  auto session = std::make_unique<Session>(with_threads(), 2);
  for (int i = 0; i < 2; ++i) session->submit(Picture(200).view());
  auto taken = std::async(std::launch::async, [&session] { return session->next().has_value(); });
  auto refused = std::async(std::launch::async, [&session] {
    try {
      session->submit(Picture(30).view());
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kUsage;
    }
    return false;
  });
  session->cancel();
  EXPECT_FALSE(taken.get());
  EXPECT_TRUE(refused.get());
  gate_open = true;
  gate_open.notify_all();
  session.reset();
}

TEST(Session, TakesNoFramesAfterFinish) {
  Session session(with_threads());
  session.submit(Picture(30).view());
  session.finish();
  EXPECT_THROW(session.submit(Picture(30).view()), Error);
  EXPECT_TRUE(session.next());
  EXPECT_FALSE(session.next());
  EXPECT_EQ(session.status().frames_ok, 1);
}

TEST(Session, AnAnalyzerOfTheProgramIsRefusedForWorkerProcesses) {
  Options options = with_threads();
  options.worker_kind = WorkerKind::kProcess;
  try {
    const Session session(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("worker_kind to thread"), std::string::npos) << error.what();
  }
}

TEST(Session, AWrongNetworkIsToldAtTheStart) {
  Options options;
  options.model = "/nowhere/none.onnx";
  EXPECT_THROW(const Session session(options), Error);
}

/// Frames of a program's own; fails at the fourth.
class Pictures : public FrameSource {
 public:
  std::optional<Frame> next() override {
    if (given_ == 5) return std::nullopt;
    const FrameInfo info{.index = given_, .source = "own " + std::to_string(given_), .time_s = {}};
    return Frame::copy_pixels(info, Picture(static_cast<int>(given_++) + 10).view());
  }

 private:
  std::int64_t given_ = 0;
};

TEST(Pipeline, RunsASourceOfTheProgramIntoASinkOfTheProgram) {
  Pictures source;
  std::vector<std::string> got;
  CallbackSink sink([&got](FrameResult result) { got.push_back(result.source + " " + to_string(result.status)); });
  const RunSummary summary = Pipeline(with_threads()).run(source, sink);
  EXPECT_EQ(got, (std::vector<std::string>{"own 0 ok", "own 1 ok", "own 2 ok", "own 3 failed", "own 4 ok"}));
  EXPECT_EQ(summary.frames, 5);
  EXPECT_EQ(summary.failed, 1);
  EXPECT_FALSE(summary.stopped);
}

}  // namespace
}  // namespace capillaryx
