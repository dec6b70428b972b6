// SPDX-License-Identifier: Apache-2.0
// Frames that the tests and benchmarks of this room draw.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "capillaryx/frame.h"

namespace capillaryx::test {

struct Picture {
  int width = 0, height = 0, channels = 3;
  std::vector<std::uint8_t> bytes;

  PixelView view() const {
    return {bytes.data(), width, height, channels, static_cast<std::ptrdiff_t>(width) * channels};
  }
  Frame frame() const { return Frame::copy_pixels({}, view()); }
};

/// Values of a frame before they are rounded to bytes.
struct Canvas {
  int width, height;
  std::vector<std::array<float, 3>> pixels;

  Canvas(int w, int h, std::array<float, 3> colour)
      : width(w), height(h), pixels(static_cast<std::size_t>(w) * static_cast<std::size_t>(h), colour) {}
  std::array<float, 3>& at(int x, int y) {
    return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)];
  }

  /// Adds `shade(x, y)` to every channel, at the middles of pixels.
  Canvas& add(const std::function<double(double, double)>& shade) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const auto value = static_cast<float>(shade(x + 0.5, y + 0.5));
        for (float& channel : at(x, y)) channel += value;
      }
    }
    return *this;
  }

  /// Takes `depth(x, y)` off, of each channel its share.
  Canvas& darken(const std::function<double(double, double)>& depth, std::array<float, 3> share) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const double d = depth(x + 0.5, y + 0.5);
        for (std::size_t c = 0; c < 3; ++c) at(x, y)[c] -= static_cast<float>(d) * share[c];
      }
    }
    return *this;
  }

  Canvas& add_noise(double sigma, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0F, static_cast<float>(sigma));
    for (auto& pixel : pixels) {
      for (float& channel : pixel) channel += normal(random);
    }
    return *this;
  }

  Picture picture(int channels = 3) const {
    Picture out{width, height, channels, {}};
    out.bytes.reserve(pixels.size() * static_cast<std::size_t>(channels));
    for (const auto& pixel : pixels) {
      for (int c = 0; c < channels; ++c) {
        const float value = pixel[static_cast<std::size_t>(channels == 1 ? 1 : c)];
        out.bytes.push_back(static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F)));
      }
    }
    return out;
  }
};

constexpr std::array<float, 3> kSkin{150, 130, 110};
constexpr std::array<float, 3> kBlood{0.35F, 1, 0.75F};  // how much of a depth each channel shows
constexpr std::array<float, 3> kGrey{1, 1, 1};

using Line = std::vector<std::pair<double, double>>;

inline double distance_to(const Line& line, double x, double y) {
  double nearest = 1e9;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    const double dx = line[i + 1].first - line[i].first, dy = line[i + 1].second - line[i].second;
    const double along = ((x - line[i].first) * dx + (y - line[i].second) * dy) / (dx * dx + dy * dy);
    const double t = std::clamp(along, 0.0, 1.0);
    nearest = std::min(nearest, std::hypot(x - line[i].first - t * dx, y - line[i].second - t * dy));
  }
  return nearest;
}

/// A blurred vessel: `depth` on its centre line, falling as a Gaussian of `sigma` px.
inline std::function<double(double, double)> vessel(Line line, double sigma, double depth) {
  return [line = std::move(line), sigma, depth](double x, double y) {
    const double d = distance_to(line, x, y) / sigma;
    return d > 5 ? 0 : depth * std::exp(-0.5 * d * d);
  };
}

/// A hairpin: two limbs `gap` apart that join at the top; (x, y) is the middle of its feet.
inline Line hairpin(double x, double y, double gap, double height) {
  Line line{{x - gap / 2, y}, {x - gap / 2, y - height + gap / 2}};
  for (int i = 1; i < 8; ++i) {
    const double angle = 3.14159265 * i / 8;
    line.emplace_back(x - gap / 2 * std::cos(angle), y - height + gap / 2 - gap / 2 * std::sin(angle));
  }
  line.emplace_back(x + gap / 2, y - height + gap / 2);
  line.emplace_back(x + gap / 2, y);
  return line;
}

/// Skin with light from one side, mottling, noise and `count` hairpins and commas: what a frame is to a stopwatch.
inline Picture tissue(int width, int height, int count, unsigned seed = 1) {
  Canvas canvas(width, height, kSkin);
  canvas.add([&](double x, double y) {
    return 25 * x / width - 15 * y / height + 3 * std::sin(x / 37) * std::cos(y / 53) + 2 * std::sin((x + y) / 19);
  });
  std::mt19937 random(seed);
  const auto uniform = [&](double low, double high) {
    return low + (high - low) * (static_cast<double>(random() % 10000) / 10000);
  };
  for (int i = 0; i < count; ++i) {
    const double cx = uniform(60, width - 60), cy = uniform(80, height - 60), size = uniform(25, 60);
    const Line line = i % 2 == 0 ? hairpin(cx, cy, uniform(14, 24), size)
                                 : Line{{cx, cy}, {cx + size / 2, cy - size / 3}, {cx + size, cy - size / 4}};
    const auto depth = vessel(line, uniform(2.5, 4.5), uniform(12, 45));
    for (int y = std::max(0, static_cast<int>(cy) - 90); y < std::min(height, static_cast<int>(cy) + 30); ++y) {
      for (int x = std::max(0, static_cast<int>(cx) - 40); x < std::min(width, static_cast<int>(cx) + 90); ++x) {
        const double d = depth(x + 0.5, y + 0.5);
        for (std::size_t c = 0; c < 3; ++c) canvas.at(x, y)[c] -= static_cast<float>(d) * kBlood[c];
      }
    }
  }
  return canvas.add_noise(1.5, seed).picture();
}

}  // namespace capillaryx::test
