// SPDX-License-Identifier: Apache-2.0
// The blocks that a video's codec leaves: cosine transform of 8 x 8 px, quantised with a dead zone.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "phantom/look.h"

namespace capillaryx::phantom {
namespace {

constexpr int kSide = 8;
using Block = std::array<std::array<float, kSide>, kSide>;

/// Rows are the waves: orthonormal cosines.
Block cosines() {
  Block t{};
  for (int k = 0; k < kSide; ++k) {
    for (int n = 0; n < kSide; ++n) {
      t[k][n] = static_cast<float>(std::sqrt((k == 0 ? 1.0 : 2.0) / kSide) *
                                   std::cos((2 * n + 1) * k * std::numbers::pi / (2 * kSide)));
    }
  }
  return t;
}

Block transposed(const Block& a) {
  Block t{};
  for (int i = 0; i < kSide; ++i) {
    for (int j = 0; j < kSide; ++j) t[j][i] = a[i][j];
  }
  return t;
}

void multiply(const Block& a, const Block& b, Block& product) {
  for (int i = 0; i < kSide; ++i) {
    std::array<float, kSide> row{};
    for (int k = 0; k < kSide; ++k) {
      for (int j = 0; j < kSide; ++j) row[j] += a[i][k] * b[k][j];
    }
    product[i] = row;
  }
}

/// `mean_step`: of the block's mean (8-bit units; of the transform it is eight times that).
void quantise_plane(cv::Mat& plane, double step, double mean_step, int left, int top) {
  static const Block kForward = cosines();
  static const Block kBack = transposed(kForward);
  Block steps{};
  for (int i = 0; i < kSide; ++i) {
    for (int j = 0; j < kSide; ++j) steps[i][j] = static_cast<float>(step * (0.75 + 0.25 * (i + j)));
  }
  steps[0][0] = static_cast<float>(kSide * mean_step);
  Block block{};
  Block half{};
  for (int y = top; y < plane.rows; y += kSide) {
    for (int x = left; x < plane.cols; x += kSide) {
      for (int i = 0; i < kSide; ++i) {
        const auto* row = plane.ptr<float>(std::clamp(y + i, 0, plane.rows - 1));
        for (int j = 0; j < kSide; ++j) block[i][j] = row[std::clamp(x + j, 0, plane.cols - 1)];
      }
      multiply(kForward, block, half);
      multiply(half, kBack, block);
      for (int i = 0; i < kSide; ++i) {
        for (int j = 0; j < kSide; ++j) {
          const float level = std::abs(block[i][j]) / steps[i][j];
          const float kept = std::floor(level + (i + j == 0 ? 0.5F : 0.36F)) * steps[i][j];
          block[i][j] = std::copysign(kept, block[i][j]);
        }
      }
      multiply(kBack, block, half);
      multiply(half, kForward, block);
      for (int i = std::max(0, -y); i < std::min(kSide, plane.rows - y); ++i) {
        auto* row = plane.ptr<float>(y + i);
        for (int j = std::max(0, -x); j < std::min(kSide, plane.cols - x); ++j) row[x + j] = block[i][j];
      }
    }
  }
}

}  // namespace

void quantise_blocks(cv::Mat* planes, double step, double color_mean_step, int x, int y) {
  if (step <= 0) return;
  quantise_plane(planes[0], step, 0.1 * step, x, y);
  quantise_plane(planes[1], 1.5 * step, color_mean_step, x, y);
  quantise_plane(planes[2], 1.5 * step, color_mean_step, x, y);
}

}  // namespace capillaryx::phantom
