// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "analysis/aligned_vector.h"
#include "analysis/background_grid.h"
#include "analysis/cell_histograms.h"
#include "analysis/mixture.h"
#include "analysis/reduced_frame.h"
#include "capillaryx/options.h"

namespace capillaryx {

/// The channel in which blood is darkest against skin: green, or the only one.
constexpr int vessel_channel(int channels) { return channels == 3 ? 1 : 0; }

/// The tissue behind the capillaries of one frame: for every pixel and channel the value that it would have without
/// them (paper, III-A, "Gaussian Mixture-based Background/Foreground Segmentation").
///
/// The mixture is over space, as one still has no past. Around every node of a coarse grid a window's histogram of the
/// vessel channel is taken apart into Gaussians by EM; the mean of the heaviest one is the background there, and the
/// background of every other channel is its mean over the pixels that belong to that Gaussian. What the windows are too
/// wide to follow (halos, folds, shade) is added on a finer grid: the mean of frame - background, cut off at 3 spreads
/// so that vessels and glare weigh little, blurred. Between the nodes the background is linear. Values are whole
/// numbers of 1/kOne grey value: the same on every machine.
/// Threads: one call at a time for an instance; reading from any thread in between. Memory is used again.
class Background {
 public:
  static constexpr int kOne = 16;  ///< steps of one grey value

  /// Fits it to a frame. `reduced` must be of a frame of at least 64x64 px.
  void fit(const ReducedFrame& reduced, const Options& options);

  int width() const { return width_; }        ///< of the frame, px
  int height() const { return height_; }      ///< of the frame, px
  int channels() const { return channels_; }  ///< 1 (grey) or 3 (red, green, blue)

  /// Background of pixels (x .. x + count - 1, y) of the frame, in 1/kOne grey values, into `out`.
  void row(int channel, int y, int x, int count, std::int16_t* out) const;

  /// The same for what wants many parts of the grid: values lie in 0 .. 255 * kOne.
  const BackgroundGrid& grid() const { return grid_; }

  /// Spread of the frame's tissue around this background, grey values: a robust standard deviation (median absolute
  /// deviation / 0.6745) of frame - background over the whole frame, of 2x2 means; at least 0.25.
  float robust_sd(int channel) const { return robust_sd_[static_cast<std::size_t>(channel)]; }

  /// Mean of the background over the frame, grey values; at least 1. What darkness is relative to in an even light.
  float level(int channel) const { return level_[static_cast<std::size_t>(channel)]; }

 private:
  void fit_windows(const ReducedFrame& reduced, const Options& options);
  void fit_window_row(const CellRow& upper, const CellRow& lower, std::size_t node, const Options& options);
  void add_surround(const ReducedFrame& reduced, double sigma_px);
  std::size_t rows_beyond() const;
  void sum_blocks(const ReducedFrame& reduced, int channel, std::int16_t cut);
  void blur_blocks(std::int32_t cut);
  void measure(const ReducedFrame& reduced, const BackgroundGrid& grid);

  int width_ = 0, height_ = 0, channels_ = 0;
  BackgroundGrid windows_, grid_;  // the mixture's nodes; the final, finer ones
  std::array<float, 3> robust_sd_{}, level_{};
  std::vector<int> cell_x_, cell_y_;  // edges of the histogram cells, reduced px
  CellHistograms histograms_;
  std::array<CellRow, 2> cells_;
  WindowHistograms histograms_of_windows_;
  DominantComponents dominant_;
  std::vector<int> edge_x_, edge_y_;  // edges of the finer grid's blocks, reduced px
  std::vector<std::int32_t> sums_;    // of the blocks, and rows beyond the first and the last
  std::vector<std::int32_t> blurred_, columns_;
  AlignedVector<std::int16_t> line_, block_columns_;
  BackgroundGrid::Columns columns_at_, nodes_at_;
  std::vector<float> block_px_;  // widths of the blocks
  double surround_sigma_px_ = 0;
  std::vector<int> weights_;  // of the surround's blur
  std::vector<std::uint32_t> histogram_;
};

}  // namespace capillaryx
