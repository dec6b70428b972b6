// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace capillaryx {

/// exp(-x) for x >= 0, relative error under 1e-5; what lies beyond x = 80 ends there. Only float + - *, so that it is
/// the same on every machine, unlike std::exp.
inline float exp_minus(float x) {
  const float scaled = std::min(x, 80.0F) * -1.44269504F;
  const auto whole = static_cast<std::int32_t>(scaled - 0.5F);
  const float f = (scaled - static_cast<float>(whole)) * 0.69314718F;
  const float p = 1.0F + f * (1.0F + f * (0.5F + f * (0.16666667F + f * (0.041666667F + f * 0.0083333333F))));
  return p * std::bit_cast<float>((whole + 127) << 23);
}

/// One half of a symmetric Gaussian kernel in whole numbers: weights[0] is the middle, weights[i] stands at +i and -i,
/// and all of them add up to `sum`, which is even; so is
/// weights[0]. It reaches to 3 sigma.
std::vector<int> gaussian_weights(double sigma, int sum);

}  // namespace capillaryx
