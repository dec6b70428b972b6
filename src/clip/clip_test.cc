// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "clip/clip_reducer.h"
#include "clip/evidence.h"

namespace capillaryx {
namespace {

constexpr int kWidth = 640, kHeight = 480;

/// Numbers that repeat with each compiler.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed * 2654435761U + 1) {}
  double between(double low, double high) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return low + (high - low) * static_cast<double>(state_ >> 11) * 0x1p-53;
  }

 private:
  std::uint64_t state_;
};

struct Thing {
  double x, y;
  bool bright;
};

/// Tissue with blobs and capillaries (squares of 40 x 20 px), larger than a frame.
struct Tissue {
  std::vector<Thing> blobs, capillaries;
  Tissue() {
    Numbers numbers(7);
    for (int i = 0; i < 200; ++i) {
      blobs.push_back({numbers.between(-300, 900), numbers.between(-200, 700), numbers.between(0, 1) < 0.3});
    }
    for (int y = -100; y < 600; y += 100) {
      for (int x = -200; x < 900; x += 100) capillaries.push_back({x + 10.0, y + 15.0, false});
    }
  }
};

FrameResult frame_at(const Tissue& tissue, const Pose& pose, std::int64_t index, double jitter = 0.3) {
  FrameResult frame;
  frame.index = index;
  frame.width = kWidth;
  frame.height = kHeight;
  frame.valid_px = std::int64_t{kWidth} * kHeight;
  frame.time_s = static_cast<double>(index) / 25;
  frame.quality.emplace();
  Numbers numbers(static_cast<std::uint64_t>(index) + 100);
  const ClipPoint middle{kWidth / 2.0, kHeight / 2.0};
  for (const Thing& blob : tissue.blobs) {
    if (numbers.between(0, 1) < 0.2) continue;
    const ClipPoint at = pose.to_frame({blob.x, blob.y}, middle);
    const double x = at.x + numbers.between(-jitter, jitter);
    const double y = at.y + numbers.between(-jitter, jitter);
    if (x < 0 || y < 0 || x > kWidth || y > kHeight) continue;
    frame.landmarks.insert(frame.landmarks.end(), {static_cast<int>(std::lround(x * 16)),
                                                   static_cast<int>(std::lround(y * 16)), 100 + (blob.bright ? 1 : 0)});
  }
  for (const Thing& thing : tissue.capillaries) {
    const ClipPoint at = pose.to_frame({thing.x, thing.y}, middle);
    const int x = static_cast<int>(std::floor(at.x));
    const int y = static_cast<int>(std::floor(at.y));
    if (x < 3 || y < 3 || x + 45 > kWidth || y + 25 > kHeight) continue;
    Capillary capillary;
    capillary.bbox = {x, y, 41, 21};
    const auto fx = static_cast<float>(at.x);
    const auto fy = static_cast<float>(at.y);
    capillary.polygon = {fx, fy, fx + 40, fy, fx + 40, fy + 20, fx, fy + 20};
    capillary.area_px = 800;
    capillary.score = 0.95;
    frame.capillaries.push_back(capillary);
  }
  return frame;
}

Pose pose_of(int i) {
  return {16 * 3 * i + 5, static_cast<int>(16 * 20 * std::sin(i * 0.3)), static_cast<int>(600 * std::sin(i * 0.1))};
}

ClipResult clip_of(const Tissue& tissue, int frames, const std::function<void(int, FrameResult&)>& change = {}) {
  ClipReducer reducer("a.avi", {});
  for (int i = 0; i < frames; ++i) {
    FrameResult frame = frame_at(tissue, i == 0 ? Pose{} : pose_of(i), i);
    if (change) change(i, frame);
    reducer.add(frame);
  }
  return reducer.result();
}

TEST(Evidence, GoesBackAndForthWithinItsStep) {
  for (const double probability : {0.02, 0.1, 0.5, 0.73, 0.98}) {
    EXPECT_NEAR(evidence::probability(evidence::of(probability)), probability, 0.02);
  }
  EXPECT_EQ(evidence::of(0.5), 0);
  EXPECT_EQ(evidence::of(0), -evidence::kMost);
  EXPECT_EQ(evidence::of(1), evidence::kMost);
}

TEST(Clip, FramesAreRegisteredWithinAQuarterOfAPixel) {
  const ClipResult clip = clip_of(Tissue(), 60);
  EXPECT_EQ(clip.registered, 60);
  EXPECT_EQ(clip.reference, 0);
  for (int i = 1; i < 60; ++i) {
    const auto k = static_cast<std::size_t>(i);
    EXPECT_NEAR(clip.motion.dx[k], pose_of(i).shift_x / 16.0, 0.25) << i;
    EXPECT_NEAR(clip.motion.dy[k], pose_of(i).shift_y / 16.0, 0.25) << i;
    EXPECT_NEAR(clip.motion.rotation_deg[k], pose_of(i).rotation / 65536.0 * 57.2958, 0.05) << i;
  }
}

TEST(Clip, ACapillarySeenInManyFramesIsOneCapillary) {
  const Tissue tissue;
  const ClipResult clip = clip_of(tissue, 60);
  // Those that lie in the tissue that was seen, but for its rim.
  int least = 0;
  int most = 0;
  const auto [x, y, width, height] = clip.extent;
  for (const Thing& thing : tissue.capillaries) {
    const auto inside = [&](int margin) {
      return thing.x > x + margin && thing.y > y + margin && thing.x + 40 < x + width - margin &&
             thing.y + 20 < y + height - margin;
    };
    least += inside(30) ? 1 : 0;
    most += inside(0) ? 1 : 0;
  }
  ASSERT_TRUE(clip.count);
  EXPECT_GE(*clip.count, least);
  EXPECT_LE(*clip.count, most);
  for (const ClipCapillary& capillary : clip.capillaries) {
    EXPECT_NEAR(static_cast<double>(capillary.area_px), 800, 60) << capillary.id;
    EXPECT_GT(capillary.score, 0.5);
  }
  EXPECT_NEAR(*clip.density, 800.0 * *clip.count / static_cast<double>(clip.seen_px), 0.003);
}

TEST(Clip, UnusableFramesEnterNothing) {
  const Tissue tissue;
  const auto spoil = [](int i, FrameResult& frame) {
    if (i % 5 != 2) return;
    frame.quality->usable = false;
    frame.quality->reasons = {"out of focus"};
    frame.capillaries.clear();
  };
  const ClipResult whole = clip_of(tissue, 40);
  const ClipResult spoiled = clip_of(tissue, 40, spoil);
  EXPECT_EQ(spoiled.frames, 40);
  EXPECT_EQ(spoiled.usable, 32);
  EXPECT_EQ(spoiled.registered, 32);
  EXPECT_NEAR(*spoiled.count, *whole.count, 1);
  EXPECT_FALSE(spoiled.motion.registered[2]);
}

TEST(Clip, WhatIsFoundInFewOfTheFramesThatShowItIsNoCapillary) {
  const ClipResult whole = clip_of(Tissue(), 30);
  const ClipResult clip = clip_of(Tissue(), 30, [](int i, FrameResult& frame) {
    if (i % 6 != 0) return;
    Capillary stray = frame.capillaries.front();
    stray.bbox[0] = 300;
    stray.bbox[1] = 60;
    stray.polygon = {300, 60, 340, 60, 340, 80, 300, 80};
    stray.score = 0.6;
    frame.capillaries.push_back(stray);
  });
  EXPECT_EQ(clip.count, whole.count);
}

TEST(Clip, OneUnderTwoNamesIsJoinedAndTwoSeenTogetherStayApart) {
  const ClipResult whole = clip_of(Tissue(), 30);
  const ClipResult clip = clip_of(Tissue(), 30, [](int i, FrameResult& frame) {
    // Every third frame finds only the right half of each capillary: too little for the same box.
    if (i % 3 != 1) return;
    for (Capillary& one : frame.capillaries) {
      one.bbox[0] += 32;
      one.bbox[2] = 9;
      one.polygon[0] += 32;
      one.polygon[6] += 32;
    }
  });
  EXPECT_EQ(clip.count, whole.count);
}

TEST(Clip, FramesThatShowNothingOfItDoNotRegister) {
  const Tissue tissue;
  Tissue other;
  Numbers numbers(99);
  for (Thing& blob : other.blobs) blob = {numbers.between(0, 640), numbers.between(0, 480), blob.bright};
  ClipReducer reducer("a.avi", {});
  for (int i = 0; i < 10; ++i) reducer.add(frame_at(i < 4 ? tissue : other, {}, i));
  const ClipResult clip = reducer.result();
  EXPECT_EQ(clip.registered, 4);
  EXPECT_FALSE(clip.count);
  EXPECT_FALSE(clip.density);
  EXPECT_NE(clip.reason.find("4 of 10"), std::string::npos) << clip.reason;
}

TEST(Clip, GlareThatStandsStillInTheCameraPlacesNothing) {
  const ClipResult clip = clip_of(Tissue(), 30, [](int, FrameResult& frame) {
    Numbers numbers(3);
    for (int i = 0; i < 60; ++i) {
      const int x = static_cast<int>(numbers.between(0, 16 * kWidth));
      const int y = static_cast<int>(numbers.between(0, 16 * kHeight));
      frame.landmarks.insert(frame.landmarks.end(), {x, y, 901});
    }
  });
  EXPECT_EQ(clip.registered, 30);
  for (int i = 1; i < 30; ++i) {
    const auto k = static_cast<std::size_t>(i);
    EXPECT_NEAR(clip.motion.dx[k], pose_of(i).shift_x / 16.0, 0.25) << i;
    EXPECT_NEAR(clip.motion.dy[k], pose_of(i).shift_y / 16.0, 0.25) << i;
  }
}

TEST(Clip, AFirstFrameThatTheNextDoesNotFitIsNotTheReference) {
  const ClipResult clip = clip_of(Tissue(), 20, [](int i, FrameResult& frame) {
    if (i > 0) return;
    Numbers numbers(5);
    for (std::size_t k = 0; k + 2 < frame.landmarks.size(); k += 3) {
      frame.landmarks[k] = static_cast<int>(numbers.between(0, 16 * kWidth));
      frame.landmarks[k + 1] = static_cast<int>(numbers.between(0, 16 * kHeight));
    }
  });
  EXPECT_EQ(clip.reference, 1);
  EXPECT_EQ(clip.registered, 19);
  EXPECT_FALSE(clip.motion.registered[0]);
}

TEST(Clip, MotionIsCarriedOnOverFramesThatCannotBePlaced) {
  // 41 px a frame, seven of them lost: more than the half of a frame that is looked at about the last place.
  ClipReducer reducer("a.avi", {});
  const Tissue tissue;
  for (int i = 0; i < 14; ++i) {
    FrameResult frame = frame_at(tissue, {16 * 41 * i, 0, 0}, i);
    if (i >= 5 && i < 12) frame.landmarks.clear();
    reducer.add(frame);
  }
  const ClipResult clip = reducer.result();
  EXPECT_EQ(clip.registered, 7);
  EXPECT_NEAR(clip.motion.dx[13], 533, 0.25);
}

TEST(Clip, RowsThatRepeatGiveNoPlaceRatherThanAWrongOne) {
  ClipReducer reducer("a.avi", {});
  for (int i = 0; i < 4; ++i) {
    FrameResult frame = frame_at(Tissue(), {}, i);
    frame.landmarks.clear();
    for (int y = 20; y < kHeight; y += 40) {
      for (int x = 10; x < kWidth; x += 20) frame.landmarks.insert(frame.landmarks.end(), {16 * x, 16 * y, 100});
    }
    reducer.add(frame);
  }
  EXPECT_EQ(reducer.result().registered, 1);
}

TEST(Clip, HalvesOfASteadyClipAgree) {
  const ClipResult clip = clip_of(Tissue(), 40);
  ASSERT_TRUE(clip.repeatability);
  EXPECT_EQ(clip.repeatability->count[0], clip.repeatability->count[1]);
  EXPECT_GT(clip.repeatability->count[0], 10);
}

TEST(Clip, ItemsOfQualityAreNullWhereTheyCannotBeTold) {
  const ClipResult clip = clip_of(Tissue(), 40, [](int, FrameResult& frame) {
    frame.quality->measures = {{"sharp_share", 0.95}, {"evenness", 0.8}, {"clipped_bright", 0}};
  });
  EXPECT_EQ(clip.quality.duration, 10);  // 1.6 s
  EXPECT_EQ(clip.quality.focus, 0);
  EXPECT_EQ(clip.quality.illumination, 0);
  EXPECT_EQ(clip.quality.stability, 0);
  EXPECT_FALSE(clip.quality.content);
  EXPECT_FALSE(clip.quality.pressure);
}

TEST(Clip, AnEmptyOrUnusableClipSaysWhy) {
  EXPECT_NE(ClipReducer("a.avi", {}).result().reason, "");
  const ClipResult clip = clip_of(Tissue(), 5, [](int, FrameResult& frame) { frame.status = Status::kFailed; });
  EXPECT_EQ(clip.usable, 0);
  EXPECT_NE(clip.reason, "");
}

TEST(Clip, HostileFramesDoNoHarm) {
  ClipReducer reducer("a.avi", {});
  FrameResult frame = frame_at(Tissue(), {}, 0);
  frame.landmarks = {0, 0, 1, 2'000'000'000, -5, 3, 7};
  reducer.add(frame);
  frame = frame_at(Tissue(), {}, 1);
  frame.capillaries[0].polygon = {1e9F, 0, 0, 1e9F, -1e9F, 0};
  reducer.add(frame);
  frame.width = 1;
  frame.height = 1;
  reducer.add(frame);
  EXPECT_EQ(reducer.result().frames, 3);
}

TEST(Clip, ItsStateIsSmallPerFrame) {
  ClipReducer reducer("a.avi", {});
  const Tissue tissue;
  constexpr int kFrames = 250;
  for (int i = 0; i < kFrames; ++i) {
    reducer.add(frame_at(tissue, {static_cast<int>(16 * 8 * std::sin(i * 0.2)), 0, 0}, i));
  }
  EXPECT_LT(reducer.bytes() / kFrames, 3000U);
}

}  // namespace
}  // namespace capillaryx
