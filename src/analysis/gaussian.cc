// SPDX-License-Identifier: Apache-2.0
#include "analysis/gaussian.h"

#include <cstddef>

namespace capillaryx {

std::vector<int> gaussian_weights(double sigma, int sum) {
  const int radius = std::max(1, static_cast<int>(3 * sigma + 0.5));
  std::vector<float> exact(static_cast<std::size_t>(radius) + 1);
  float total = 0;
  for (int i = 0; i <= radius; ++i) {
    const auto z = static_cast<float>(i / sigma);
    exact[static_cast<std::size_t>(i)] = exp_minus(0.5F * z * z);
    total += (i == 0 ? 1.0F : 2.0F) * exact[static_cast<std::size_t>(i)];
  }
  std::vector<int> weights(exact.size());
  int rest = sum;
  for (std::size_t i = weights.size() - 1; i > 0; --i) {
    weights[i] = static_cast<int>(exact[i] / total * static_cast<float>(sum) + 0.5F);
    rest -= 2 * weights[i];
  }
  weights[0] = rest;  // even where `sum` is
  return weights;
}

}  // namespace capillaryx
