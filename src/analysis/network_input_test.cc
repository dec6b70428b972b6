// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_input.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "analysis/reduced_frame.h"

namespace capillaryx {
namespace {

constexpr int kWidth = 320, kHeight = 240;

// A drawn frame with its background.
struct Drawn {
  using Colour = std::array<double, 3>;
  explicit Drawn(const std::function<Colour(int x, int y)>& draw, int channels = 3)
      : pixels(static_cast<std::size_t>(kWidth * kHeight * channels)) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const Colour colour = draw(x, y);
        for (int c = 0; c < channels; ++c) {
          pixels[static_cast<std::size_t>((y * kWidth + x) * channels + c)] =
              static_cast<std::uint8_t>(std::clamp(std::lround(colour[static_cast<std::size_t>(c)]), 0L, 255L));
        }
      }
    }
    view = {pixels.data(), kWidth, kHeight, channels, static_cast<std::ptrdiff_t>(kWidth) * channels};
    ReducedFrame reduced;
    reduce_frame(view, reduced);
    background.fit(reduced, Options{});
  }
  std::vector<std::uint8_t> pixels;
  PixelView view;
  Background background;
};

NetworkSpec spec_of(InputKind kind, int side = 32, bool channels_last = false) {
  NetworkSpec spec;
  spec.input = kind;
  spec.width = spec.height = side;
  spec.channels = kind == InputKind::kGrey ? 1 : 3;
  spec.channels_last = channels_last;
  return spec;
}

std::vector<float> fill(const Drawn& drawn, const Roi& roi, const NetworkSpec& spec) {
  NetworkInputMaker maker(spec);
  std::vector<float> out(static_cast<std::size_t>(spec.input_size()), NAN);
  maker.fill(drawn.view, drawn.background, roi, out);
  return out;
}

float at(const std::vector<float>& input, int plane, int x, int y, int side = 32) {
  return input[static_cast<std::size_t>((plane * side + y) * side + x)];
}

Roi box(int x, int y, int width, int height) {
  Roi roi;
  roi.x = x, roi.y = y, roi.width = width, roi.height = height;
  return roi;
}

Drawn::Colour skin(int x, int y) {
  const double mottle = 4.0 * ((x / 2 + y / 2) % 2);
  return {200 + mottle, 180 + mottle, 160 + mottle};
}

// A spot of blood 16 px wide around (160, 120): green halved, blue and red less.
Drawn::Colour spot(int x, int y) {
  const bool inside = std::abs(x - 160) < 8 && std::abs(y - 120) < 8;
  const Drawn::Colour colour = skin(x, y);
  return inside ? Drawn::Colour{colour[0] * 0.8, colour[1] * 0.5, colour[2] * 0.6} : colour;
}

TEST(NetworkInput, OfTissueAloneIsNearNought) {
  const Drawn drawn([](int, int) { return Drawn::Colour{150, 140, 130}; });
  for (const float value : fill(drawn, box(100, 100, 30, 20), spec_of(InputKind::kLocalContrast))) {
    ASSERT_NEAR(value, 0, 1);
  }
}

TEST(NetworkInput, ShowsASpotOfBloodDarkRedAndBlueInItsMiddle) {
  const Drawn drawn(spot);
  const auto input = fill(drawn, box(152, 112, 16, 16), spec_of(InputKind::kLocalContrast));
  for (int plane = 0; plane < 3; ++plane) {
    EXPECT_GT(at(input, plane, 16, 16), 4) << plane;
    EXPECT_LT(std::abs(at(input, plane, 2, 2)), 2) << plane;
  }
  const float green_over_red = std::log(0.8F / 0.5F), green = std::log(1 / 0.5F);
  EXPECT_NEAR(at(input, 1, 16, 16) / at(input, 0, 16, 16), NetworkInputMaker::kColourGain * green_over_red / green,
              0.1);
}

TEST(NetworkInput, HardlyDependsOnTheLight) {
  const Drawn bright(spot);
  const Drawn dim([](int x, int y) {
    const Drawn::Colour colour = spot(x, y);
    return Drawn::Colour{colour[0] * 0.5, colour[1] * 0.5, colour[2] * 0.5};
  });
  const auto spec = spec_of(InputKind::kLocalContrast);
  const auto a = fill(bright, box(152, 112, 16, 16), spec), b = fill(dim, box(152, 112, 16, 16), spec);
  EXPECT_NEAR(at(a, 0, 16, 16) / at(b, 0, 16, 16), 1, 0.2);
}

TEST(NetworkInput, OfPixelsIsTheMeanOverItsShare) {
  // 64 px cut to 32: each value is the mean of 2x2 pixels.
  const Drawn drawn([](int x, int y) {
    return Drawn::Colour{static_cast<double>(x % 256), static_cast<double>(y), 7};
  });
  const NetworkSpec spec = spec_of(InputKind::kRgb);
  const auto input = fill(drawn, box(100, 80, 43, 43), spec);  // longer side and half of it more: 64
  const int x0 = 100 + 21 - 32, y0 = 80 + 21 - 32;
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 32; ++x) {
      ASSERT_FLOAT_EQ(at(input, 0, x, y), static_cast<float>(x0 + 2 * x) + 0.5F);
      ASSERT_FLOAT_EQ(at(input, 1, x, y), static_cast<float>(y0 + 2 * y) + 0.5F);
      ASSERT_FLOAT_EQ(at(input, 2, x, y), 7);
    }
  }
}

TEST(NetworkInput, IsInterpolatedWhereTheCutHasFewerPixels) {
  const Drawn drawn([](int x, int y) { return Drawn::Colour{static_cast<double>(x), static_cast<double>(y), 7}; });
  const auto input = fill(drawn, box(150, 110, 10, 10), spec_of(InputKind::kRgb, 224));
  const int x0 = 155 - NetworkInputMaker::kSmallestCutPx / 2;
  const double step = NetworkInputMaker::kSmallestCutPx / 224.0;
  for (int i = 10; i < 214; ++i) {
    ASSERT_NEAR(at(input, 0, i, 100, 224), x0 + (i + 0.5) * step - 0.5, 1e-3);
  }
}

TEST(NetworkInput, GoesOnWithTheBorderBeyondTheFrame) {
  const Drawn drawn([](int x, int) { return Drawn::Colour{static_cast<double>(x % 256), 100, 100}; });
  for (const Roi& roi : {box(0, 0, 30, 30), box(kWidth - 30, kHeight - 30, 30, 30), box(0, kHeight - 1, 1, 1),
                         box(0, 0, kWidth, kHeight)}) {
    for (const float value : fill(drawn, roi, spec_of(InputKind::kRgb))) ASSERT_TRUE(value >= 0 && value <= 255);
  }
  const auto corner = fill(drawn, box(0, 0, 30, 30), spec_of(InputKind::kRgb));
  EXPECT_FLOAT_EQ(at(corner, 0, 0, 0), 0);
  EXPECT_FLOAT_EQ(at(corner, 1, 0, 0), 100);
}

TEST(NetworkInput, KeepsTheLayoutOrderMeanAndScaleOfTheNetwork) {
  const Drawn drawn([](int, int) { return Drawn::Colour{200, 100, 50}; });
  NetworkSpec spec = spec_of(InputKind::kBgr, 15, true);
  spec.mean = {10, 20, 30};
  spec.scale = {2, 4, 5};
  const auto input = fill(drawn, box(100, 100, 20, 20), spec);
  for (std::size_t i = 0; i < input.size(); i += 3) {
    ASSERT_FLOAT_EQ(input[i], (50.0F - 10) / 2);
    ASSERT_FLOAT_EQ(input[i + 1], (100.0F - 20) / 4);
    ASSERT_FLOAT_EQ(input[i + 2], (200.0F - 30) / 5);
  }
  const auto grey = fill(drawn, box(100, 100, 20, 20), spec_of(InputKind::kGrey));
  EXPECT_FLOAT_EQ(grey[0], 0.299F * 200 + 0.587F * 100 + 0.114F * 50);
}

TEST(NetworkInput, OfAGreyFrameHasDarknessAlone) {
  const Drawn drawn(spot, 1);
  const auto input = fill(drawn, box(152, 112, 16, 16), spec_of(InputKind::kLocalContrast));
  EXPECT_GT(at(input, 0, 16, 16), 1);
  for (int plane = 1; plane < 3; ++plane) {
    for (int i = 0; i < 32; ++i) ASSERT_EQ(at(input, plane, i, 16), 0);
  }
}

TEST(NetworkInput, IsTheSameWhateverWasCutBefore) {
  const Drawn drawn(spot);
  const NetworkSpec spec = spec_of(InputKind::kLocalContrast);
  const auto alone = fill(drawn, box(152, 112, 16, 16), spec);
  NetworkInputMaker maker(spec);
  std::vector<float> out(alone.size());
  for (const Roi& before : {box(0, 0, 200, 200), box(5, 5, 3, 3), box(100, 50, 61, 17)}) {
    maker.fill(drawn.view, drawn.background, before, out);
    maker.fill(drawn.view, drawn.background, box(152, 112, 16, 16), out);
    ASSERT_EQ(out, alone);
  }
}

}  // namespace
}  // namespace capillaryx
