// SPDX-License-Identifier: Apache-2.0
// What the network sees is the same, bit for bit, on every instruction set that this machine has; the plainest of them
// (value by value, HWY_SCALAR) is the reference that the vectors are held to.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstring>
#include <string>
#include <vector>

#include "analysis/density.h"
#include "analysis/network_input.h"
#include "analysis/proposer.h"
#include "analysis/test_frames.h"

namespace capillaryx {
namespace {

// Runs with one instruction set alone, then with all again.
class OnlyTarget {
 public:
  explicit OnlyTarget(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
  }
  ~OnlyTarget() {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  OnlyTarget(const OnlyTarget&) = delete;
  OnlyTarget& operator=(const OnlyTarget&) = delete;
};

std::vector<std::int64_t> targets() {
  std::vector<std::int64_t> all;
  for (std::int64_t left = hwy::SupportedTargets() & HWY_TARGETS; left != 0; left &= left - 1)
    all.push_back(left & -left);
  return all;
}

struct Stages : Proposer {
  std::vector<float> inputs;
  std::vector<std::int16_t> background_rows;
  std::vector<Capillary> contours;
  FrameResult result;

  explicit Stages(const PixelView& frame) {
    const Options options;
    propose(frame, options);
    background_rows.resize(static_cast<std::size_t>(frame.width) * 3);
    for (int c = 0; c < frame.channels; ++c) {
      background.row(c, frame.height / 3, 0, frame.width, background_rows.data() + std::ptrdiff_t{c} * frame.width);
    }
    NetworkSpec spec;
    spec.width = 32;
    spec.height = 23;
    spec.channels = 4;
    NetworkInputMaker maker(spec);
    maker.start(frame, reduced, background, found.runs);
    const auto size = static_cast<std::size_t>(spec.input_size());
    inputs.resize(found.rois.size() * size);
    for (std::size_t i = 0; i < found.rois.size(); ++i) {
      maker.fill(found.rois[i], std::span(inputs).subspan(i * size, size));
    }
    DensityStage density;
    density.measure_regions(*this, 0);
    for (std::size_t i = 0; i < density.rois().size(); ++i) {
      if (density.draw(*this, i)) density.write_contour(i, contours.emplace_back());
    }
    std::vector<float> scores(density.rois().size(), 1);
    density.draw_chosen(*this, 0.5, scores);
    density.write(
        frame, [](std::size_t) { return 1.0; }, result);
  }
};

template <class Values>
void expect_same_bits(const Values& a, const Values& b, const char* what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(std::memcmp(&a[i], &b[i], sizeof(a[i])), 0) << what << " at " << i << ": " << +a[i] << " and " << +b[i];
  }
}

void expect_same(const Stages& a, const Stages& b, int channels) {
  for (int c = 0; c < channels; ++c) {
    expect_same_bits(a.reduced.planes[static_cast<std::size_t>(c)], b.reduced.planes[static_cast<std::size_t>(c)],
                     "reduced frame");
    EXPECT_EQ(a.background.robust_sd(c), b.background.robust_sd(c));
    EXPECT_EQ(a.background.level(c), b.background.level(c));
    expect_same_bits(a.background.grid().values[static_cast<std::size_t>(c)],
                     b.background.grid().values[static_cast<std::size_t>(c)], "background");
  }
  expect_same_bits(a.background_rows, b.background_rows, "rows of the background");
  expect_same_bits(a.darkness.difference, b.darkness.difference, "difference");
  expect_same_bits(a.darkness.smooth, b.darkness.smooth, "smooth darkness");
  EXPECT_EQ(a.darkness.robust_sd, b.darkness.robust_sd);
  for (int y = 0; y < a.ssim.height(); ++y) {
    ASSERT_TRUE(std::equal(a.ssim.row(y), a.ssim.row(y) + a.ssim.width(), b.ssim.row(y))) << "similarity, row " << y;
  }
  EXPECT_EQ(a.ssim.median(), b.ssim.median());
  ASSERT_EQ(a.found.rois.size(), b.found.rois.size());
  expect_same_bits(a.inputs, b.inputs, "network input");
  ASSERT_EQ(a.contours.size(), b.contours.size());
  for (std::size_t i = 0; i < a.contours.size(); ++i) {
    expect_same_bits(a.contours[i].polygon, b.contours[i].polygon, "contour");
    EXPECT_EQ(a.contours[i].area_px, b.contours[i].area_px);
  }
  EXPECT_EQ(a.result.capillaries.size(), b.result.capillaries.size());
  EXPECT_EQ(a.result.density, b.result.density);
}

class InstructionSets : public testing::TestWithParam<std::int64_t> {};

TEST_P(InstructionSets, GiveTheNetworkTheSameBits) {
  // Widths that are no multiple of a vector or of a block, and one narrower than a vector and a half.
  for (const auto& [width, height, capillaries] :
       {std::array{641, 483, 8}, std::array{800, 330, 6}, std::array{70, 66, 1}}) {
    const test::Picture picture = test::tissue(width, height, capillaries);
    SCOPED_TRACE(std::to_string(width));
    const Stages reference = [&] {
      const OnlyTarget plain(HWY_BASELINE_TARGETS & -HWY_BASELINE_TARGETS);
      return Stages(picture.view());
    }();
    const OnlyTarget only(GetParam());
    expect_same(Stages(picture.view()), reference, 3);
  }
}

TEST_P(InstructionSets, GiveTheSameBitsForGreyFrames) {
  test::Picture picture = test::tissue(515, 301, 5);
  for (std::size_t i = 0; i < picture.bytes.size() / 3; ++i) picture.bytes[i] = picture.bytes[3 * i + 1];
  picture.bytes.resize(picture.bytes.size() / 3);
  picture.channels = 1;
  const Stages reference = [&] {
    const OnlyTarget plain(HWY_BASELINE_TARGETS & -HWY_BASELINE_TARGETS);
    return Stages(picture.view());
  }();
  const OnlyTarget only(GetParam());
  expect_same(Stages(picture.view()), reference, 1);
}

INSTANTIATE_TEST_SUITE_P(All, InstructionSets, testing::ValuesIn(targets()),
                         [](const auto& target) { return std::string(hwy::TargetName(target.param)); });

}  // namespace
}  // namespace capillaryx
