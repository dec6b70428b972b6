// SPDX-License-Identifier: Apache-2.0
#include "study/roi.h"

#include <gtest/gtest.h>

namespace capillaryx {
namespace {

FrameResult frame_with_square(int x, int y) {
  FrameResult result;
  result.width = 100;
  result.height = 50;
  result.valid_px = 5000;
  const auto left = static_cast<float>(x);
  const auto top = static_cast<float>(y);
  result.capillaries.push_back(
      {{x, y, 10, 10}, {left, top, left + 10, top, left + 10, top + 10, left, top + 10}, 100, 0.9});
  return result;
}

TEST(Roi, HoldsWhatLiesInsideAndTheShareOfWhatLiesAcrossItsEdge) {
  const auto inside = part_in_roi(frame_with_square(20, 20), {10, 10, 40, 30});
  EXPECT_EQ(inside->count, 1);
  EXPECT_EQ(inside->area_px, 100);
  EXPECT_EQ(inside->valid_px, 1200);
  const auto across = part_in_roi(frame_with_square(47, 20), {10, 10, 40, 30});
  EXPECT_EQ(across->count, 0);
  EXPECT_DOUBLE_EQ(across->area_px, 30);
  EXPECT_EQ(part_in_roi(frame_with_square(70, 20), {10, 10, 40, 30})->area_px, 0);
}

TEST(Roi, EndsAtTheFrame) {
  EXPECT_EQ(part_in_roi(frame_with_square(20, 20), {90, 40, 1000, 1000})->valid_px, 100);
  EXPECT_EQ(part_in_roi(frame_with_square(20, 20), {200, 0, 10, 10})->valid_px, 0);
}

TEST(Roi, OfAFrameThatIsMaskedInPartCannotBeTold) {
  FrameResult masked = frame_with_square(20, 20);
  masked.valid_px -= 1;
  EXPECT_FALSE(part_in_roi(masked, {10, 10, 40, 30}));
}

}  // namespace
}  // namespace capillaryx
