// SPDX-License-Identifier: Apache-2.0
#include "analysis/ssim.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/test_frames.h"

namespace capillaryx {
namespace {

using test::Canvas;
using test::kBlood;
using test::kSkin;

struct Maps {
  ReducedFrame reduced;
  Background background;
  Darkness darkness;
  SsimMap ssim;
};

Maps measured(const test::Picture& picture, double sigma_px = 4) {
  Maps maps;
  reduce_frame(picture.view(), maps.reduced);
  maps.background.fit(maps.reduced, {});
  measure_darkness(maps.reduced, maps.background, maps.darkness);
  maps.ssim.measure(maps.darkness, sigma_px);
  return maps;
}

// Equation 13 of Wang et al. 2004 with both pictures as they are, in doubles, one pixel at a time.
double plain_ssim(const Maps& maps, int x, int y, double sigma) {
  const int radius = static_cast<int>(3 * sigma + 0.5);
  double total = 0, mx = 0, mb = 0, xx = 0, bb = 0, xb = 0;
  for (int dy = -radius; dy <= radius; ++dy) {
    for (int dx = -radius; dx <= radius; ++dx) {
      const int px = std::clamp(x + dx, 0, maps.darkness.width - 1),
                py = std::clamp(y + dy, 0, maps.darkness.height - 1);
      const auto i =
          static_cast<std::size_t>(py) * static_cast<std::size_t>(maps.darkness.width) + static_cast<std::size_t>(px);
      const double weight = std::exp(-0.5 * (dx * dx + dy * dy) / (sigma * sigma));
      const double b = static_cast<double>(maps.darkness.behind[i]) / Background::kOne;
      const double v = static_cast<double>(maps.reduced.row(vessel_channel(maps.reduced.channels), py)[px]) / 4;
      total += weight;
      mx += weight * v;
      mb += weight * b;
      xx += weight * v * v;
      bb += weight * b * b;
      xb += weight * v * b;
    }
  }
  mx /= total;
  mb /= total;
  const double var_x = xx / total - mx * mx, var_b = bb / total - mb * mb, cov = xb / total - mx * mb;
  const double c1 = 6.5025, c2 = 58.5225;
  return (2 * mx * mb + c1) * (2 * cov + c2) / ((mx * mx + mb * mb + c1) * (var_x + var_b + c2));
}

TEST(Darkness, SmoothIsABinomialBlurOfBackgroundMinusFrame) {
  const Maps maps = measured(test::tissue(200, 140, 3));
  const Darkness& d = maps.darkness;
  constexpr int kBinomial[5] = {1, 4, 6, 4, 1};
  const int width = d.width;
  const auto at = [&](int x, int y) {
    return d.difference[static_cast<std::size_t>(std::clamp(y, 0, d.height - 1) * width + std::clamp(x, 0, width - 1))];
  };
  for (int y = 0; y < d.height; ++y) {
    for (int x = 0; x < width; ++x) {
      double sum = 0;
      for (int dy = -2; dy <= 2; ++dy) {
        for (int dx = -2; dx <= 2; ++dx) sum += kBinomial[dx + 2] * kBinomial[dy + 2] * at(x + dx, y + dy);
      }
      const double exact = sum / 256 * Darkness::kFineOne / Darkness::kCoarseOne;
      ASSERT_NEAR(d.smooth[static_cast<std::size_t>(y * width + x)], exact, 1.1) << x << ' ' << y;
    }
  }
}

TEST(Ssim, IsOneWhereTheFrameEqualsItsBackground) {
  const Maps maps = measured(Canvas(200, 160, kSkin).picture());
  for (int y = 0; y < maps.ssim.height(); ++y) {
    for (int x = 0; x < maps.ssim.width(); ++x) ASSERT_GE(maps.ssim.row(y)[x], SsimMap::kOne * 0.9995);
  }
}

// The formula of ssim.h in doubles, one pixel at a time: d cut off, the background flat inside the window.
double flat_ssim(const Maps& maps, int x, int y, double sigma) {
  const Darkness& d = maps.darkness;
  const int radius = static_cast<int>(3 * sigma + 0.5);
  double total = 0, mean = 0, square = 0;
  for (int dy = -radius; dy <= radius; ++dy) {
    for (int dx = -radius; dx <= radius; ++dx) {
      const int px = std::clamp(x + dx, 0, d.width - 1), py = std::clamp(y + dy, 0, d.height - 1);
      const double weight = std::exp(-0.5 * (dx * dx + dy * dy) / (sigma * sigma));
      const double value = std::clamp(
          static_cast<double>(d.difference[static_cast<std::size_t>(py * d.width + px)]) / Darkness::kCoarseOne, -45.0,
          45.0);
      total += weight;
      mean += weight * value;
      square += weight * value * value;
    }
  }
  mean /= total;
  const double variance = square / total - mean * mean;
  const double mb = static_cast<double>(d.behind[static_cast<std::size_t>(y * d.width + x)]) / Background::kOne,
               mx = mb - mean;
  return (2 * mx * mb + 6.5025) / (mx * mx + mb * mb + 6.5025) * 58.5225 / (variance + 58.5225);
}

TEST(Ssim, InWholeNumbersIsThatInDoubles) {
  for (const double sigma_px : {2.0, 4.0, 7.0}) {
    const Maps maps = measured(test::tissue(360, 280, 8), sigma_px);
    for (int y = 0; y < maps.ssim.height(); y += 2) {
      for (int x = 0; x < maps.ssim.width(); ++x) {
        ASSERT_NEAR(static_cast<double>(maps.ssim.row(y)[x]) / SsimMap::kOne,
                    flat_ssim(maps, SsimMap::kStep * x, SsimMap::kStep * y, sigma_px / 2), 0.006)
            << sigma_px << ' ' << x << ' ' << y;
      }
    }
  }
}

TEST(Ssim, IsCloseToThatOfTwoPicturesAsTheyAre) {
  for (const double sigma_px : {2.0, 4.0, 7.0}) {
    const Maps maps = measured(test::tissue(360, 280, 8), sigma_px);
    double sum = 0, worst_of_similar = 0, lowest = 1;
    int count = 0;
    for (int y = 0; y < maps.ssim.height(); y += 2) {
      for (int x = 0; x < maps.ssim.width(); ++x) {
        const double plain = plain_ssim(maps, SsimMap::kStep * x, SsimMap::kStep * y, sigma_px / 2);
        const double error = std::abs(static_cast<double>(maps.ssim.row(y)[x]) / SsimMap::kOne - plain);
        sum += error;
        if (plain > 0.8) worst_of_similar = std::max(worst_of_similar, error);  // where thresholds lie
        lowest = std::min(lowest, plain);
        ++count;
      }
    }
    EXPECT_LT(lowest, 0.6) << "the frame has no structure to test with";
    EXPECT_LT(sum / count, 0.005) << sigma_px;
    EXPECT_LT(worst_of_similar, 0.04) << sigma_px;
  }
}

TEST(Ssim, HasEverySecondPlaceOfEverySecondRow) {
  for (const auto& [width, height] : {std::pair{200, 120}, {202, 122}, {201, 121}, {131, 67}}) {
    const Maps maps = measured(test::tissue(width, height, 3));
    EXPECT_EQ(maps.ssim.width(), (maps.darkness.width + 1) / 2) << width;
    EXPECT_EQ(maps.ssim.height(), (maps.darkness.height + 1) / 2) << height;
    // To the last place of the last row.
    const int x = maps.ssim.width() - 1, y = maps.ssim.height() - 1;
    EXPECT_NEAR(static_cast<double>(maps.ssim.row(y)[x]) / SsimMap::kOne,
                flat_ssim(maps, SsimMap::kStep * x, SsimMap::kStep * y, 2), 0.006);
  }
}

TEST(Ssim, FallsAtAVesselAndIsHighBesideIt) {
  Canvas canvas(240, 240, kSkin);
  canvas.darken(test::vessel({{80, 120}, {160, 120}}, 3, 30), kBlood);
  const Maps maps = measured(canvas.add_noise(1).picture());
  EXPECT_LT(maps.ssim.row(30)[30], SsimMap::kOne * 0.6);
  EXPECT_GT(maps.ssim.row(10)[30], SsimMap::kOne * 0.95);
}

TEST(Ssim, NoiseAloneIsNoStructure) {
  for (const double sigma : {0.0, 1.0, 3.0, 6.0, 12.0, 25.0}) {
    const Maps maps = measured(Canvas(480, 360, kSkin).add_noise(sigma).picture());
    const int threshold = maps.ssim.structure_threshold(Options{}.min_structure);
    for (int y = 0; y < maps.ssim.height(); ++y) {
      for (int x = 0; x < maps.ssim.width(); ++x) ASSERT_GE(maps.ssim.row(y)[x], threshold) << sigma;
    }
  }
}

TEST(Ssim, MedianIsThatOfAllPlaces) {
  // Frames on which a sample tells much, little and nothing of it.
  Canvas half(300, 200, kSkin);
  half.add([](double x, double) { return x < 150 ? 0 : static_cast<int>(x) % 4 * 20; });
  for (const test::Picture& picture :
       {test::tissue(641, 483, 8), Canvas(200, 160, kSkin).picture(), Canvas(64, 64, kSkin).add_noise(9).picture(),
        half.picture(), half.add_noise(2).picture()}) {
    const SsimMap ssim = measured(picture).ssim;
    std::vector<int> all;
    for (int y = 0; y < ssim.height(); ++y) all.insert(all.end(), ssim.row(y), ssim.row(y) + ssim.width());
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    EXPECT_EQ(ssim.median(), *middle);
  }
}

TEST(Ssim, StaysInRangeOnTheHardestEdges) {
  Canvas canvas(160, 160, {0, 0, 0});
  canvas.add([](double x, double y) { return static_cast<int>(x / 8) % 2 == static_cast<int>(y / 8) % 2 ? 255 : 0; });
  const Maps maps = measured(canvas.picture());
  for (int y = 0; y < maps.ssim.height(); ++y) {
    for (int x = 0; x < maps.ssim.width(); ++x) {
      ASSERT_GE(maps.ssim.row(y)[x], 0);
      ASSERT_LE(maps.ssim.row(y)[x], SsimMap::kOne);
    }
  }
}

}  // namespace
}  // namespace capillaryx
