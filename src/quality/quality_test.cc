// SPDX-License-Identifier: Apache-2.0
#include "quality/quality.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "phantom/phantom.h"

namespace capillaryx {
namespace {

constexpr int kWidth = 960, kHeight = 640;

struct Picture {
  std::vector<std::uint8_t> bytes;
  PixelView view() const { return {bytes.data(), kWidth, kHeight, 3, kWidth * 3}; }
  void set(int x, int y, int value) {
    for (int c = 0; c < 3; ++c)
      bytes[static_cast<std::size_t>(3 * (y * kWidth + x) + c)] = static_cast<std::uint8_t>(value);
  }
};

Picture tissue(std::int64_t index = 0, double capillaries = 1, double blur = 1) {
  PhantomOptions options;
  options.width = kWidth;
  options.height = kHeight;
  options.capillaries = capillaries;
  options.blur = blur;
  options.camera = 0;
  const Phantom phantom = draw_phantom(options, index);
  const PixelView& pixels = phantom.frame.pixels();
  return {{pixels.data, pixels.data + pixels.stride_bytes * pixels.height}};
}

Picture even(int value) {
  return {std::vector<std::uint8_t>(std::size_t{3} * kWidth * kHeight, static_cast<std::uint8_t>(value))};
}

FrameResult measured(const Picture& picture, QualityMeter meter = QualityMeter()) {
  FrameResult result;
  result.width = kWidth;
  result.height = kHeight;
  result.valid_px = std::int64_t{kWidth} * kHeight;
  meter.complete(picture.view(), result);
  return result;
}

std::string reasons(const FrameResult& result) {
  std::string all;
  for (const std::string& reason : result.quality->reasons) all += reason + "; ";
  return all;
}

TEST(Quality, SyntheticTissueIsUsable) {
  for (int i = 0; i < 6; ++i) {
    const FrameResult result = measured(tissue(i));
    EXPECT_TRUE(result.quality->usable) << i << ": " << reasons(result);
    EXPECT_GE(result.landmarks.size(), 3U * 12) << i;
  }
}

TEST(Quality, BlackWhiteAndFlatFramesAreRefusedWithTheirReason) {
  EXPECT_NE(reasons(measured(even(0))).find("too dark"), std::string::npos);
  EXPECT_EQ(reasons(measured(even(0))).find("out of focus"), std::string::npos);
  EXPECT_EQ(reasons(measured(even(0))).find("text"), std::string::npos);
  EXPECT_NE(reasons(measured(even(255))).find("saturated"), std::string::npos);
  EXPECT_NE(reasons(measured(even(128))).find("out of focus"), std::string::npos);
  for (const int value : {0, 128, 255}) EXPECT_FALSE(measured(even(value)).quality->usable) << value;
}

TEST(Quality, APageOfTextIsRefusedAsText) {
  Picture page = even(255);
  for (int y = 20; y + 20 < kHeight; ++y) {
    for (int x = 20; x + 20 < kWidth; ++x) {
      if (y % 16 < 8 && (x * 7 + y / 16 * 5) % 11 < 4) page.set(x, y, 0);
    }
  }
  EXPECT_NE(reasons(measured(page)).find("text"), std::string::npos) << reasons(measured(page));
}

/// The mean over 2 x `reach` + 1 pixels along a row or a column; three of each are nearly a Gaussian.
Picture averaged(const Picture& picture, int reach, bool along_rows) {
  Picture out = picture;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      int sum = 0;
      for (int i = -reach; i <= reach; ++i) {
        const int sx = along_rows ? std::clamp(x + i, 0, kWidth - 1) : x;
        const int sy = along_rows ? y : std::clamp(y + i, 0, kHeight - 1);
        sum += picture.bytes[static_cast<std::size_t>(3 * (sy * kWidth + sx) + 1)];
      }
      out.set(x, y, (sum + reach) / (2 * reach + 1));
    }
  }
  return out;
}

TEST(Quality, ABlurredFrameIsOutOfFocusWhetherSparseOrFull) {
  for (const double capillaries : {0.3, 1.0, 2.0}) {
    Picture picture = tissue(1, capillaries);
    EXPECT_TRUE(measured(picture).quality->usable) << capillaries << ": " << reasons(measured(picture));
    for (int i = 0; i < 3; ++i) picture = averaged(averaged(picture, 6, true), 6, false);  // sigma 6.5 px
    const FrameResult blurred = measured(picture);
    EXPECT_NE(reasons(blurred).find("out of focus"), std::string::npos) << capillaries << ": " << reasons(blurred);
  }
}

TEST(Quality, ASmearAlongOneDirectionShowsAsMotion) {
  for (int i = 0; i < 3; ++i) {
    const Picture picture = tissue(i);
    EXPECT_LT(measured(averaged(picture, 12, true)).quality->measures.at("motion"),
              0.85 * measured(picture).quality->measures.at("motion"))
        << i;
  }
}

TEST(Quality, MeasuresOfAGreyFrameAreThoseOfAColourFrameWithThatGreen) {
  const Picture picture = tissue(2);
  std::vector<std::uint8_t> green;
  for (std::size_t i = 1; i < picture.bytes.size(); i += 3) green.push_back(picture.bytes[i]);
  FrameResult grey;
  grey.valid_px = 1;
  QualityMeter().complete({green.data(), kWidth, kHeight, 1, kWidth}, grey);
  EXPECT_EQ(grey.quality->measures, measured(picture).quality->measures);
  EXPECT_EQ(grey.landmarks, measured(picture).landmarks);
}

TEST(Mask, ARoundFieldsSurroundIsNoTissue) {
  Picture picture = tissue(1);
  std::int64_t lit = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const bool inside = std::hypot(x - kWidth / 2.0, y - kHeight / 2.0) < 310;
      lit += inside ? 1 : 0;
      if (!inside) picture.set(x, y, 2);
    }
  }
  const FrameResult result = measured(picture);
  EXPECT_TRUE(result.quality->usable) << reasons(result);
  EXPECT_GT(result.valid_px, lit * 17 / 20);
  EXPECT_LE(result.valid_px, lit);
}

TEST(Mask, BurntInMarksAreNotMeasuredAndOrdinaryTissueIsWhole) {
  EXPECT_EQ(measured(tissue(1)).valid_px, std::int64_t{kWidth} * kHeight);
  Picture picture = tissue(1);
  for (int y = 440; y < 446; ++y) {
    for (int x = 420; x < 600; ++x) picture.set(x, y, 255);
  }
  FrameResult result;
  result.valid_px = std::int64_t{kWidth} * kHeight;
  result.density = 400.0 / static_cast<double>(result.valid_px);
  Capillary on_bar;
  on_bar.bbox = {430, 438, 40, 10};
  on_bar.polygon = {430, 441, 470, 441, 470, 445, 430, 445};
  on_bar.area_px = 200;
  Capillary elsewhere = on_bar;
  for (std::size_t i = 1; i < elsewhere.polygon.size(); i += 2) elsewhere.polygon[i] -= 200;
  result.capillaries = {on_bar, elsewhere};
  QualityMeter().complete(picture.view(), result);
  ASSERT_EQ(result.capillaries.size(), 1U);
  EXPECT_EQ(result.capillaries[0].polygon, elsewhere.polygon);
  EXPECT_LT(result.valid_px, std::int64_t{kWidth} * kHeight - 180 * 6);
  EXPECT_NEAR(result.density * static_cast<double>(result.valid_px), 200, 0.5);
}

TEST(Mask, OnlyTheRegionOfInterestIsMeasured) {
  const FrameResult result = measured(tissue(1), QualityMeter(std::array<int, 4>{100, 80, 400, 320}));
  EXPECT_EQ(result.valid_px, 400 * 320);
}

TEST(Landmarks, MoveWithTheTissue) {
  const Picture picture = tissue(1);
  Picture moved = even(128);
  constexpr int kX = 11, kY = 6;
  for (int y = 0; y + kY < kHeight; ++y) {
    for (int x = 0; x + kX < kWidth; ++x) {
      moved.set(x, y, picture.bytes[static_cast<std::size_t>(3 * ((y + kY) * kWidth + x + kX) + 1)]);
    }
  }
  const std::vector<int> before = measured(picture).landmarks;
  const std::vector<int> after = measured(moved).landmarks;
  int met = 0;
  for (std::size_t i = 0; i < before.size(); i += 3) {
    for (std::size_t k = 0; k < after.size(); k += 3) {
      const int dx = before[i] - after[k] - kX * kLandmarkOne;
      const int dy = before[i + 1] - after[k + 1] - kY * kLandmarkOne;
      if (std::abs(dx) <= 24 && std::abs(dy) <= 24 && before[i + 2] % 2 == after[k + 2] % 2) {
        ++met;
        break;
      }
    }
  }
  EXPECT_GT(3 * met, static_cast<int>(before.size()) / 2);
}

TEST(Quality, AFrameTooSmallForItsFocusIsJudgedByItsLightAlone) {
  for (const int side : {1, 3, 5, 16, 65}) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(side * side), 100);
    FrameResult result;
    result.valid_px = side * side;
    QualityMeter().complete({bytes.data(), side, side, 1, side}, result);
    EXPECT_TRUE(result.quality->usable) << side;
  }
}

}  // namespace
}  // namespace capillaryx
