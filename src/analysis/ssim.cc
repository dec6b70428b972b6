// SPDX-License-Identifier: Apache-2.0
#include "analysis/ssim.h"

#include <algorithm>
#include <cstddef>

#include "analysis/gaussian.h"

namespace capillaryx {
namespace {

// d comes in 1/4 grey values and is cut off at 45 grey values: the sum of two squares is at most 64800. What is cut off
// is many times over any threshold already.
constexpr int kLargest = 180;
constexpr int kWeightBits = 12;
constexpr float kC1 = 6.5025F;   // (0.01 * 255)^2
constexpr float kC2 = 58.5225F;  // (0.03 * 255)^2
// Structure that rounding to 8 bits alone makes, grey values squared: 1/12 of a pixel, a quarter of it in 2x2 means.
constexpr float kRoundingVariance = 1.0F / 48;

void add_rows(const std::int16_t* above, const std::int16_t* below, int weight, int width, std::int32_t* sum,
              std::int32_t* sum_sq) {
  const auto w = static_cast<std::uint16_t>(weight);
  for (int x = 0; x < width; ++x) {
    const std::int16_t a = above[x], b = below[x];
    const auto s = static_cast<std::int16_t>(a + b);
    const auto q = static_cast<std::uint16_t>(a * a + b * b);
    sum[x] += s * static_cast<std::int16_t>(w);
    sum_sq[x] += static_cast<std::int32_t>(static_cast<std::uint32_t>(q) * w);
  }
}

// Column sums to 16 bits: means in 1/256 grey values, mean squares in 1/16 grey values squared.
void shrink(const std::int32_t* sum, const std::int32_t* sum_sq, int width, std::int16_t* mean,
            std::uint16_t* mean_sq) {
  for (int x = 0; x < width; ++x) {
    mean[x] = static_cast<std::int16_t>((sum[x] + 32) >> 6);
    mean_sq[x] = static_cast<std::uint16_t>((sum_sq[x] + 2048) >> kWeightBits);
  }
}

void add_shifted(const std::int16_t* mean, const std::uint16_t* mean_sq, int shift, int weight, int width,
                 std::int32_t* sum, std::int32_t* sum_sq) {
  const auto w = static_cast<std::int16_t>(weight);
  for (int x = 0; x < width; ++x) {
    const auto s = static_cast<std::int16_t>(mean[x - shift] + mean[x + shift]);
    const auto q = static_cast<std::uint16_t>(mean_sq[x - shift] + mean_sq[x + shift]);
    sum[x] += s * w;
    sum_sq[x] += static_cast<std::int32_t>(static_cast<std::uint32_t>(q) * static_cast<std::uint16_t>(w));
  }
}

void similarity(const std::int32_t* sum, const std::int32_t* sum_sq, const std::int16_t* behind, int width,
                std::int16_t* out) {
  for (int x = 0; x < width; ++x) {
    const std::int32_t mean = (sum[x] + 2048) >> kWeightBits;            // 1/256 grey values
    const std::int32_t variance = std::max(0, sum_sq[x] - mean * mean);  // 1/65536 grey values squared
    const float mb = static_cast<float>(behind[x]) * (1.0F / Background::kOne);
    const float mx = mb - static_cast<float>(mean) * (1.0F / 256);
    const float above = (2 * mx * mb + kC1) * kC2;
    const float below = (mx * mx + mb * mb + kC1) * (static_cast<float>(variance) * (1.0F / 65536) + kC2);
    out[x] = static_cast<std::int16_t>(std::max(0.0F, above / below * SsimMap::kOne));
  }
}

}  // namespace

void SsimMap::measure(const Darkness& darkness, double sigma_px) {
  width_ = darkness.width;
  height_ = darkness.height;
  weights_ = gaussian_weights(sigma_px / 2, 1 << kWeightBits);
  const std::size_t radius = weights_.size() - 1, width = static_cast<std::size_t>(width_);
  const std::size_t pixels = width * static_cast<std::size_t>(height_);
  map_.resize(pixels);
  cut_.resize(pixels);
  sum_.resize(width);
  sum_sq_.resize(width);
  mean_.resize(width + 2 * radius);
  mean_sq_.resize(width + 2 * radius);
  for (std::size_t i = 0; i < pixels; ++i) {
    cut_[i] = std::clamp<std::int16_t>(darkness.difference[i], -kLargest, kLargest);
  }
  for (int y = 0; y < height_; ++y) measure_row(darkness, y);
}

void SsimMap::measure_row(const Darkness& darkness, int y) {
  const int radius = static_cast<int>(weights_.size()) - 1;
  const auto line = [&](int row) {
    return cut_.data() + static_cast<std::ptrdiff_t>(std::clamp(row, 0, height_ - 1)) * width_;
  };
  std::fill(sum_.begin(), sum_.end(), 0);
  std::fill(sum_sq_.begin(), sum_sq_.end(), 0);
  for (int k = 0; k <= radius; ++k) {
    // The middle row counts as two halves.
    const int weight = weights_[static_cast<std::size_t>(k)];
    add_rows(line(y - k), line(y + k), k == 0 ? weight / 2 : weight, width_, sum_.data(), sum_sq_.data());
  }
  std::int16_t* const mean = mean_.data() + radius;
  std::uint16_t* const mean_sq = mean_sq_.data() + radius;
  shrink(sum_.data(), sum_sq_.data(), width_, mean, mean_sq);
  for (int k = 1; k <= radius; ++k) {
    mean[-k] = mean[0];
    mean_sq[-k] = mean_sq[0];
    mean[width_ - 1 + k] = mean[width_ - 1];
    mean_sq[width_ - 1 + k] = mean_sq[width_ - 1];
  }
  std::fill(sum_.begin(), sum_.end(), 0);
  std::fill(sum_sq_.begin(), sum_sq_.end(), 0);
  for (int k = 0; k <= radius; ++k) {
    const int weight = weights_[static_cast<std::size_t>(k)];
    add_shifted(mean, mean_sq, k, k == 0 ? weight / 2 : weight, width_, sum_.data(), sum_sq_.data());
  }
  const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(y) * width_;
  similarity(sum_.data(), sum_sq_.data(), darkness.behind.data() + start, width_, map_.data() + start);
}

int SsimMap::structure_threshold(double times) const {
  std::vector<std::uint32_t> histogram(kOne + 1);
  for (const std::int16_t value : map_) ++histogram[static_cast<std::size_t>(value)];
  std::size_t below = 0;
  int median = 0;
  while (below + histogram[static_cast<std::size_t>(median)] <= map_.size() / 2) {
    below += histogram[static_cast<std::size_t>(median++)];
  }
  const float variance = std::max(kRoundingVariance, kC2 * (static_cast<float>(kOne) / std::max(1, median) - 1));
  return static_cast<int>(kC2 / (kC2 + static_cast<float>(times) * variance) * kOne);
}

}  // namespace capillaryx
