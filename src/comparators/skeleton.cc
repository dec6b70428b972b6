// SPDX-License-Identifier: Apache-2.0
#include "comparators/skeleton.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace capillaryx {
namespace {

/// Whether a step of the thinning takes a white pixel away. `n`: its neighbours, 0 or 1, clockwise from the one above.
bool is_taken(const std::array<int, 8>& n, bool second_step) {
  int white = 0, rises = 0;
  for (std::size_t i = 0; i < n.size(); ++i) {
    white += n[i];
    rises += n[i] == 0 && n[(i + 1) % 8] == 1 ? 1 : 0;
  }
  if (white < 2 || white > 6 || rises != 1) return false;
  const int above = n[0], right = n[2], below = n[4], left = n[6];
  return second_step ? above * right * left == 0 && above * below * left == 0
                     : above * right * below == 0 && right * below * left == 0;
}

}  // namespace

cv::Mat skeleton_of(const cv::Mat& binary) {
  cv::Mat padded;
  cv::copyMakeBorder(binary, padded, 1, 1, 1, 1, cv::BORDER_CONSTANT, 0);
  std::uint8_t* const data = padded.ptr<std::uint8_t>();
  const auto stride = static_cast<std::ptrdiff_t>(padded.step);
  const std::array<std::ptrdiff_t, 8> around{-stride, -stride + 1, 1, stride + 1, stride, stride - 1, -1, -stride - 1};
  std::vector<std::ptrdiff_t> left, taken;
  for (int y = 1; y + 1 < padded.rows; ++y) {
    for (int x = 1; x + 1 < padded.cols; ++x) {
      if (data[y * stride + x] != 0) left.push_back(y * stride + x);
    }
  }
  // Both steps look at the picture as it was before them; until neither takes anything.
  for (int idle = 0, step = 0; idle < 2; step ^= 1) {
    taken.clear();
    std::erase_if(left, [&](std::ptrdiff_t place) {
      std::array<int, 8> neighbours{};
      for (std::size_t i = 0; i < 8; ++i) neighbours[i] = data[place + around[i]] != 0 ? 1 : 0;
      const bool gone = is_taken(neighbours, step == 1);
      if (gone) taken.push_back(place);
      return gone;
    });
    for (const std::ptrdiff_t place : taken) data[place] = 0;
    idle = taken.empty() ? idle + 1 : 0;
  }
  return padded(cv::Rect(1, 1, binary.cols, binary.rows)).clone();
}

}  // namespace capillaryx
