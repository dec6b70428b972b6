// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_input.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "analysis/reduced_frame.h"

namespace capillaryx {
namespace {

constexpr int kWidth = 320, kHeight = 240;

// A synthetic frame with its background.
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
    reduce_frame(view, reduced);
    background.fit(reduced, Options{});
  }
  std::vector<std::uint8_t> pixels;
  PixelView view;
  ReducedFrame reduced;
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

std::vector<float> fill(const Drawn& drawn, const Roi& roi, const NetworkSpec& spec,
                        const std::vector<Run>& runs = {}) {
  NetworkInputMaker maker(spec);
  std::vector<float> out(static_cast<std::size_t>(spec.input_size()), NAN);
  maker.start(drawn.view, drawn.reduced, drawn.background, runs);
  maker.fill(roi, out);
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

// The mean of a plane over from_x .. to_x, from_y .. to_y, beyond which its border goes on.
double mean_over(const ReducedFrame& reduced, int channel, double from_x, double to_x, double from_y, double to_y) {
  double sum = 0;
  for (int y = static_cast<int>(std::floor(from_y)); y < to_y; ++y) {
    for (int x = static_cast<int>(std::floor(from_x)); x < to_x; ++x) {
      const double share = (std::min(to_x, x + 1.0) - std::max(from_x, static_cast<double>(x))) *
                           (std::min(to_y, y + 1.0) - std::max(from_y, static_cast<double>(y)));
      const int value = reduced.row(channel, std::clamp(y, 0, reduced.height - 1))[std::clamp(x, 0, reduced.width - 1)];
      sum += share * value / 4;
    }
  }
  return sum / ((to_x - from_x) * (to_y - from_y));
}

// Where `place` lies among nodes: the one before it and how far from there to the next.
std::pair<std::size_t, double> among(const std::vector<int>& nodes, double place) {
  std::size_t i = 0;
  while (i + 2 < nodes.size() && nodes[i + 1] <= place) ++i;
  return {i, std::clamp((place - nodes[i]) / (nodes[i + 1] - nodes[i]), 0.0, 1.0)};
}

TEST(NetworkInput, IsWhatItsDefinitionSays) {
  const Drawn drawn([](int x, int y) {
    const Drawn::Colour colour = spot(x, y);
    return Drawn::Colour{colour[0] - x * 0.2, colour[1] - y * 0.3, colour[2] - x * 0.1 - y * 0.1};
  });
  const BackgroundGrid& grid = drawn.background.grid();
  const double s = std::max(static_cast<double>(NetworkInputMaker::kLeastRobustSd),
                            static_cast<double>(drawn.background.robust_sd(1) / drawn.background.level(1)));
  const double gain = static_cast<double>(NetworkInputMaker::kColourGain);
  // Cells smaller than a pixel of the half frame, larger, much larger; some cuts reach beyond the frame.
  for (const Roi& roi :
       {box(152, 112, 16, 16), box(120, 90, 60, 20), box(2, 4, 34, 36), box(60, 0, 200, 240), box(300, 200, 20, 40)}) {
    for (const int side : {22, 32}) {
      const auto input = fill(drawn, roi, spec_of(InputKind::kLocalContrast, side));
      const int half_box = std::max(roi.width, roi.height) / 2, cut = std::max(20, half_box + half_box / 2);
      const int x0 = (roi.x + roi.width / 2) / 2 - cut / 2, y0 = (roi.y + roi.height / 2) / 2 - cut / 2;
      const double half = std::max(1.0, static_cast<double>(cut) / side) / 2;
      for (int j = 0; j < side; ++j) {
        for (int i = 0; i < side; ++i) {
          const double x = x0 + (i + 0.5) * cut / side, y = y0 + (j + 0.5) * cut / side;
          double o[3];
          for (int c = 0; c < 3; ++c) {
            const auto [column, right] = among(grid.x, 2 * x);
            const auto [row, down] = among(grid.y, 2 * y);
            const auto& values = grid.values[static_cast<std::size_t>(c)];
            const auto node = [&values, &grid](std::size_t r, std::size_t at) {
              return static_cast<double>(values[r * grid.x.size() + at]) / Background::kOne;
            };
            const double above = node(row, column) * (1 - right) + node(row, column + 1) * right;
            const double below = node(row + 1, column) * (1 - right) + node(row + 1, column + 1) * right;
            const double pixel = mean_over(drawn.reduced, c, x - half, x + half, y - half, y + half);
            o[c] = std::log((above * (1 - down) + below * down) / pixel);
          }
          ASSERT_NEAR(at(input, 0, i, j, side), o[1] / s, 0.03) << roi.x << ": " << i << ", " << j;
          ASSERT_NEAR(at(input, 1, i, j, side), gain * (o[1] - o[0]) / s, 0.06) << roi.x << ": " << i << ", " << j;
          ASSERT_NEAR(at(input, 2, i, j, side), gain * (o[1] - o[2]) / s, 0.06) << roi.x << ": " << i << ", " << j;
        }
      }
    }
  }
}

TEST(NetworkInput, HoldsTheSameValuesWhateverItsLayout) {
  const Drawn drawn(spot);
  const auto planes = fill(drawn, box(140, 100, 40, 30), spec_of(InputKind::kLocalContrast));
  const auto last = fill(drawn, box(140, 100, 40, 30), spec_of(InputKind::kLocalContrast, 32, true));
  for (std::size_t i = 0; i < 32 * 32; ++i) {
    for (std::size_t c = 0; c < 3; ++c) ASSERT_EQ(last[3 * i + c], planes[c * 32 * 32 + i]);
  }
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

// The rows of an ellipse in a box of even sides.
std::vector<Run> ellipse(Roi& roi) {
  std::vector<Run> runs;
  for (int y = 0; y < roi.height; y += 2) {
    const double from_middle = (y + 1 - roi.height / 2.0) / (roi.height / 2.0);
    const int half = static_cast<int>(std::sqrt(1 - from_middle * from_middle) * roi.width / 4) * 2;
    for (int row = y; row < y + 2; ++row) runs.push_back({roi.x + roi.width / 2 - half, roi.y + row, 2 * half});
  }
  roi.run_count = static_cast<int>(runs.size());
  return runs;
}

TEST(NetworkInput, TellsInAFourthPlaneWhatBelongsToTheRegionAndHowDarkItIs) {
  const Drawn drawn(spot);
  const float robust_sd =
      std::max(NetworkInputMaker::kLeastRobustSd, drawn.background.robust_sd(1) / drawn.background.level(1));
  for (const bool last : {false, true}) {
    for (Roi roi : {box(100, 80, 60, 44), box(140, 100, 24, 90), box(152, 112, 16, 16), box(0, 0, 40, 30),
                    box(kWidth - 44, kHeight - 20, 44, 20)}) {
      const auto runs = ellipse(roi);
      NetworkSpec spec = spec_of(InputKind::kLocalContrast, 22, last);
      const auto three = fill(drawn, roi, spec);
      spec.channels = 4;
      const auto four = fill(drawn, roi, spec, runs);
      const auto value = [&](const std::vector<float>& input, int channels, int plane, int x, int y) {
        const int place = last ? (y * 22 + x) * channels + plane : (plane * 22 + y) * 22 + x;
        return input[static_cast<std::size_t>(place)];
      };
      // The same cells, drawn at full size: 1 in the region, and beyond the frame as at its border.
      const int longer = std::max(roi.width, roi.height) / 2, side = std::max(20, longer + longer / 2);
      const int x0 = (roi.x + roi.width / 2) / 2 - side / 2, y0 = (roi.y + roi.height / 2) / 2 - side / 2;
      const auto member = [&](int x, int y) {
        x = std::clamp(x, 0, kWidth / 2 - 1), y = std::clamp(y, 0, kHeight / 2 - 1);
        return std::any_of(runs.begin(), runs.end(), [&](const auto& run) {
          return run.y == 2 * y && 2 * x >= run.x && 2 * x < run.x + run.length;
        });
      };
      for (int j = 0; j < 22; ++j) {
        for (int i = 0; i < 22; ++i) {
          for (int plane = 0; plane < 3; ++plane) {
            ASSERT_EQ(value(four, 4, plane, i, j), value(three, 3, plane, i, j));
          }
          const double step = std::max(1.0, side / 22.0);
          const double left = x0 + (i + 0.5) * side / 22.0 - step / 2, top = y0 + (j + 0.5) * side / 22.0 - step / 2;
          double share = 0;
          for (int y = static_cast<int>(std::floor(top)); y < top + step; ++y) {
            for (int x = static_cast<int>(std::floor(left)); x < left + step; ++x) {
              if (!member(x, y)) continue;
              share += (std::min(left + step, x + 1.0) - std::max(left, static_cast<double>(x))) *
                       (std::min(top + step, y + 1.0) - std::max(top, static_cast<double>(y))) / (step * step);
            }
          }
          const double density = std::max(0.0F, value(three, 3, 0, i, j) * robust_sd);
          ASSERT_NEAR(value(four, 4, 3, i, j), share * (1 + density / NetworkInputMaker::kFaintDensity), 0.02);
        }
      }
    }
  }
}

TEST(NetworkInput, IsTheSameWhateverWasCutBefore) {
  const Drawn drawn(spot);
  const NetworkSpec spec = spec_of(InputKind::kLocalContrast);
  const auto alone = fill(drawn, box(152, 112, 16, 16), spec);
  NetworkInputMaker maker(spec);
  std::vector<float> out(alone.size());
  maker.start(drawn.view, drawn.reduced, drawn.background, {});
  for (const Roi& before : {box(0, 0, 200, 200), box(5, 5, 3, 3), box(100, 50, 61, 17)}) {
    maker.fill(before, out);
    maker.fill(box(152, 112, 16, 16), out);
    ASSERT_EQ(out, alone);
  }
}

}  // namespace
}  // namespace capillaryx
