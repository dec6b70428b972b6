// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "analysis/aligned_vector.h"

namespace capillaryx {

/// Most components that a mixture may have.
inline constexpr std::size_t kMaxMixtureComponents = 8;

/// Histograms of windows that lie side by side, and of every bin the sums of two other values of its samples.
/// Window w's bin b is at b * stride + w; the stride is a multiple of kLanes. Memory is used again.
struct WindowHistograms {
  static constexpr std::size_t kLanes = 16;

  std::size_t windows = 0, bins = 0, stride = 0;
  AlignedVector<float> count;
  std::array<AlignedVector<float>, 2> sum;

  /// Makes room, all zero.
  void start(std::size_t window_count, std::size_t bin_count);
};

/// The heaviest Gaussian of each window's mixture, and the means of the two other values over what belongs to it.
struct DominantComponents {
  std::vector<float> weight;                 ///< share of the samples, 0..1
  std::vector<float> mean, sigma;            ///< bins, from 0
  std::array<std::vector<float>, 2> others;  ///< means
};

/// Fits a mixture of `components` Gaussians to every histogram by expectation-maximisation, from starting points at the
/// histogram's quantiles. No window may be empty. A window's result does not depend on its neighbours. Only + - * / and
/// sqrt on floats in a fixed order: the same bits on every machine.
void fit_mixtures(const WindowHistograms& windows, std::size_t components, int iterations, DominantComponents& out);

}  // namespace capillaryx
