// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace capillaryx {

/// One Gaussian of a mixture.
struct MixtureComponent {
  float weight = 0;  ///< share of the samples, 0..1
  float mean = 0;    ///< bins
  float sigma = 0;   ///< bins
};

/// Most components that a mixture may have.
inline constexpr int kMaxMixtureComponents = 8;

/// Most bins that a histogram may have.
inline constexpr std::size_t kMaxMixtureBins = 256;

/// Fits a mixture of `components` Gaussians to a histogram by expectation-maximisation, from starting points at the
/// histogram's quantiles, and gives the heaviest component. `membership[b]` becomes the share of bin b that belongs to
/// it. Bins count from 0; the histogram must not be all zero. `counts` and `membership` have the same size, a multiple
/// of 8, at most kMaxMixtureBins. Only + - * / and sqrt on floats in a fixed order: the same bits on every machine.
MixtureComponent fit_mixture(std::span<const float> counts, int components, int iterations,
                             std::span<float> membership);

}  // namespace capillaryx
