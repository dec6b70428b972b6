// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/aligned_vector.h"
#include "analysis/background.h"
#include "analysis/reduced_frame.h"

namespace capillaryx {

/// How much darker the vessel channel is than its background, at half the frame's size. Memory is used again.
struct Darkness {
  static constexpr int kFineOne = 8;    ///< steps of one grey value in `smooth`
  static constexpr int kCoarseOne = 4;  ///< steps of one grey value in `difference`

  int width = 0, height = 0;
  AlignedVector<std::int16_t> behind;      ///< background, 1/Background::kOne grey values
  AlignedVector<std::int16_t> difference;  ///< background - frame, 1/kCoarseOne grey values; dark is positive
  AlignedVector<std::int16_t> smooth;      ///< the same blurred with sigma 2 px of the frame, 1/kFineOne grey values
  /// Robust standard deviation (median absolute deviation / 0.6745) of `smooth`, grey values; at least 0.25.
  float robust_sd = 0;
  float level = 0;  ///< mean of the background (Background::level), grey values

  BackgroundGrid::Columns columns;       ///< scratch
  AlignedVector<std::int16_t> line;      ///< scratch
  std::vector<std::uint32_t> histogram;  ///< scratch
};

/// Fills `darkness`.
void measure_darkness(const ReducedFrame& reduced, const Background& background, Darkness& darkness);

}  // namespace capillaryx
