// SPDX-License-Identifier: Apache-2.0
#include "phantom/clip.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

PhantomOptions small() {
  PhantomOptions options;
  options.width = 320;
  options.height = 240;
  return options;
}

/// Nothing moves or changes but what a test switches on.
PhantomClipOptions still() {
  PhantomClipOptions options;
  visit_phantom_clip_fields(options, [](const PhantomField& field, auto& value) {
    if (field.min == 0) value = 0;
  });
  options.frames = 8;
  return options;
}

std::vector<std::uint8_t> bytes_of(const Frame& frame) {
  return {frame.pixels().data, frame.pixels().data + frame.pixels().stride_bytes * frame.pixels().height};
}

double mean_of(const Frame& frame) {
  double sum = 0;
  const auto bytes = bytes_of(frame);
  for (const std::uint8_t value : bytes) sum += value;
  return sum / static_cast<double>(bytes.size());
}

TEST(PhantomClip, IsTheSameBytesEachTime) {
  PhantomClipOptions options;
  options.frames = 4;
  const PhantomClip first(small(), options, 2);
  const PhantomClip second(small(), options, 2);
  EXPECT_EQ(bytes_of(first.draw(3)), bytes_of(second.draw(3)));
  EXPECT_NE(bytes_of(first.draw(3)), bytes_of(first.draw(2)));
}

TEST(PhantomClip, AFrameShowsTheTissueWhereItsTruthSaysItLies) {
  PhantomOptions drawing = small();
  drawing.noise = drawing.compression = drawing.glare = drawing.sharpening = drawing.gradients = 0;
  drawing.camera = 0;
  PhantomClipOptions options = still();
  options.drift = options.tremor = options.rotation = 1;
  const PhantomClip clip(drawing, options, 1);
  const Frame tissue = clip.draw_still();
  for (const int i : {0, 7}) {
    const PhantomClipFrame& at = clip.truth().frames[static_cast<std::size_t>(i)];
    const Frame frame = clip.draw(i);
    double differ = 0;
    int count = 0;
    for (int y = 20; y < 220; y += 5) {
      for (int x = 20; x < 300; x += 5) {
        const double dx = x + 0.5 - 160;
        const double dy = y + 0.5 - 120;
        const int tx = static_cast<int>(at.x + std::cos(at.rotation) * dx - std::sin(at.rotation) * dy);
        const int ty = static_cast<int>(at.y + std::sin(at.rotation) * dx + std::cos(at.rotation) * dy);
        differ += std::abs(frame.pixels().row(y)[3 * x + 1] - tissue.pixels().row(ty)[3 * tx + 1]);
        ++count;
      }
    }
    EXPECT_LT(differ / count, 2) << i;
  }
}

TEST(PhantomClip, ALostFrameRepeatsTheOneBefore) {
  PhantomClipOptions options = still();
  options.tremor = 1;
  options.lost_frames = 1;
  const PhantomClip clip(small(), options, 0);
  EXPECT_FALSE(clip.truth().frames[0].lost);
  EXPECT_TRUE(clip.truth().frames[3].lost);
  EXPECT_EQ(bytes_of(clip.draw(3)), bytes_of(clip.draw(0)));
}

TEST(PhantomClip, BadFramesAreSpoiledAsTheTruthSays) {
  PhantomClipOptions options = still();
  options.frames = 40;
  options.bad_frames = 0.5;
  const PhantomClip clip(small(), options, 0);
  const double clean = mean_of(clip.draw_still());
  int bad = 0;
  for (int i = 0; i < options.frames; ++i) {
    const BadFrame kind = clip.truth().frames[static_cast<std::size_t>(i)].bad;
    bad += kind == BadFrame::kNone ? 0 : 1;
    if (kind == BadFrame::kBright) {
      EXPECT_GT(mean_of(clip.draw(i)), 1.3 * clean) << i;
    } else if (kind == BadFrame::kDark) {
      EXPECT_LT(mean_of(clip.draw(i)), 0.2 * clean) << i;
    }
  }
  EXPECT_GT(bad, 10);
  EXPECT_LT(bad, 30);
}

TEST(PhantomClip, BlanchingAndBloodFlowChangeTheVesselsAlone) {
  for (const bool flow : {false, true}) {
    PhantomOptions drawing = small();
    drawing.noise = drawing.compression = 0;
    PhantomClipOptions options = still();
    if (flow) {
      options.flow = options.plasma_gaps = 1;
    } else {
      options.blanching = 1;
    }
    drawing.capillaries = 3;
    bool changes = false;
    for (int index = 1; index < 4; ++index) {
      const PhantomClip clip(drawing, options, index);
      changes = changes || bytes_of(clip.draw(0)) != bytes_of(clip.draw(4));
    }
    EXPECT_TRUE(changes) << flow;
    drawing.capillaries = 0;
    const PhantomClip empty(drawing, options, 1);
    EXPECT_EQ(bytes_of(empty.draw(0)), bytes_of(empty.draw(4)));
  }
}

TEST(PhantomClip, TruthIsJsonWithAPlaceForEachFrame) {
  PhantomClipOptions options;
  options.frames = 5;
  const PhantomClip clip(small(), options, 0);
  const auto json = nlohmann::json::parse(phantom_clip_truth_json(small(), options, "clip_000.y4m", clip.truth()));
  EXPECT_EQ(json["frames"].size(), 5);
  EXPECT_EQ(json["capillaries"].size(), clip.truth().capillaries.size());
  EXPECT_EQ(json["clip_options"]["fps"], 25);
}

TEST(PhantomClip, OptionsOutOfTheirRangeAndTissueTooLargeAreErrors) {
  PhantomClipOptions options;
  options.fps = 0;
  EXPECT_THROW(check_phantom_clip_options(small(), options), Error);
  options = {};
  options.drift = 3;
  PhantomOptions wide = small();
  wide.width = 8000;
  EXPECT_THROW(check_phantom_clip_options(wide, options), Error);
}

}  // namespace
}  // namespace capillaryx
