// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/aligned_vector.h"
#include "analysis/darkness.h"

namespace capillaryx {

/// Structural similarity of a frame and its background (paper, III-A; Wang et al. 2004, Eq. 13), at half the frame's
/// size. The background is taken as flat inside the window, so that with d = background - frame
///   SSIM = (2 mx mb + C1) / (mx^2 + mb^2 + C1) * C2 / (var(d) + C2),  mx = mb - mean(d),
/// with Gaussian windows and C1 = (0.01 * 255)^2, C2 = (0.03 * 255)^2. Means and variances are whole numbers.
/// d is cut off at 45 grey values, where the similarity is near 0 whatever it is. The map has every second place of
/// every second row: the usual window is a dozen places wide, in which neighbours hardly differ. Memory is used again.
class SsimMap {
 public:
  static constexpr int kOne = 1 << 14;  ///< steps of a similarity of 1

  static constexpr int kStep = 2;  ///< from a place of the map to the next, values of the half-size planes

  /// Fills the map. `sigma_px`: of the window, px of the frame.
  void measure(const Darkness& darkness, double sigma_px);

  int width() const { return width_; }
  int height() const { return height_; }
  /// One row of the map, 1/kOne; 0..kOne. Place (x, y) is that of value (kStep x, kStep y) of the planes.
  const std::int16_t* row(int y) const { return map_.data() + static_cast<std::ptrdiff_t>(y) * width_; }

  /// The map's median, 1/kOne.
  int median() const { return median_; }

  /// The similarity of what has `times` the structure (variance of d) of the frame's median place, and at least that of
  /// quantisation alone, 1/kOne. Less than that is structure that the tissue and its noise do not explain: on a frame
  /// that is noise alone nothing is.
  int structure_threshold(double times) const;

 private:
  void set_weights(double sigma_px);
  void measure_row(const Darkness& darkness, int y, int padded);
  int find_median();
  int middle_between(int least, int end);

  int width_ = 0, height_ = 0;
  double sigma_px_ = 0;
  std::vector<std::int32_t> weights_;  // from the middle outwards, two in each
  std::vector<std::int32_t> across_;   // of the whole window, two in each
  AlignedVector<std::int16_t> map_;
  int median_ = 0;
  std::vector<std::uint32_t> histogram_;  // of a part of map_
  // d, cut off so that sums of two squares fit 16 bits: as many rows as a window has, padded for whole vectors.
  AlignedVector<std::int16_t> cut_;
  int cut_rows_ = 0;                                // that have been there
  std::vector<const std::int16_t*> above_, below_;  // rows of cut_, from the middle outwards
  AlignedVector<std::int16_t> mean_, mean_sq_;      // of a column
  std::size_t before_ = 0;                          // values before their first ones
};

}  // namespace capillaryx
