// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "analysis/reduced_frame.h"
#include "capillaryx/options.h"

namespace capillaryx {

/// The channel in which blood is darkest against skin: green, or the only one.
constexpr int vessel_channel(int channels) { return channels == 3 ? 1 : 0; }

/// The tissue behind the capillaries of one frame: for every pixel and channel the value that it would have without
/// them (paper, III-A, "Gaussian Mixture-based Background/Foreground Segmentation").
///
/// The mixture is over space, as one still has no past: around every node of a coarse grid a window's histogram of the
/// vessel channel is taken apart into Gaussians by EM; the mean of the heaviest one is the background there, and the
/// background of every other channel is its mean over the pixels that belong to that Gaussian. Between the nodes it is
/// linear. Values are whole numbers of 1/kOne grey value: the same on every machine.
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

  /// Spread of the frame's tissue around this background, grey values: a robust standard deviation (median absolute
  /// deviation / 0.6745) of frame - background over the whole frame, of 2x2 means; at least 0.25.
  float spread(int channel) const { return spread_[static_cast<std::size_t>(channel)]; }

  /// Mean of the background over the frame, grey values; at least 1. What darkness is relative to in an even light.
  float level(int channel) const { return level_[static_cast<std::size_t>(channel)]; }

 private:
  void place_nodes(const ReducedFrame& reduced, int window_px);
  void fit_nodes(const ReducedFrame& reduced, const Options& options);
  void measure(const ReducedFrame& reduced);

  struct Bin {
    std::uint32_t count;
    std::uint32_t sum[2];  // of the other two channels
  };
  static constexpr int kBins = 256;

  int width_ = 0, height_ = 0, channels_ = 0;
  int columns_ = 0, rows_ = 0;                      // nodes
  std::vector<int> node_x_, node_y_;                // their places, px
  std::array<std::vector<std::int16_t>, 3> nodes_;  // rows_ x columns_ values of 1/kOne, a channel
  std::array<float, 3> spread_{}, level_{};
  std::vector<int> cell_x_, cell_y_;  // edges of the histogram cells, reduced px
  std::vector<Bin> cells_;            // two rows of cells, kBins each
};

}  // namespace capillaryx
