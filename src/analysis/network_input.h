// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/background.h"
#include "analysis/network_spec.h"
#include "analysis/rois.h"
#include "capillaryx/frame.h"

namespace capillaryx {

/// Cuts regions out of their frame as a network wants them.
///
/// A cut is a square around the middle of the region's box: the box's longer side and half of it more, at least
/// kSmallestCutPx, so that its surroundings are seen and a speck is not blown up to the size of a capillary. Beyond the
/// frame its border pixels go on. A value is the mean over its share of the square; where the square has fewer pixels
/// than the input, it is interpolated linearly.
///
/// Local contrast is made of optical densities o = ln(background / pixel) of each channel:
///   plane 0, darkness  o_green / s
///   plane 1, redness   kColourGain (o_green - o_red) / s
///   plane 2, blueness  kColourGain (o_green - o_blue) / s
/// where s is the frame's own spread of darkness (spread / level of the background's green), at least kLeastSpread.
/// A grey frame has darkness alone; its other planes are 0, and o_green is that of its one channel.
/// Sums are of whole numbers (logarithms come from tables in 1/4096): the same bits on every machine.
/// Threads: one call at a time for an instance.
class NetworkInputMaker {
 public:
  static constexpr int kSmallestCutPx = 40;
  static constexpr float kColourGain = 2.0F;
  static constexpr float kLeastSpread = 0.008F;

  explicit NetworkInputMaker(const NetworkSpec& spec);

  /// Fills `out` (spec.input_size() values, in the network's layout). `frame` is the frame that `background` was fitted
  /// to; `roi` lies in it.
  void fill(const PixelView& frame, const Background& background, const Roi& roi, std::span<float> out);

 private:
  /// Along one axis: cell i is the mean of the cut's pixels first[i], first[i] + 1, ... with whole weights.
  struct Shares {
    int sum = 0;  // of the weights of one cell
    std::vector<int> first, count;
    std::vector<int> weights;  // of all cells, one after the other
    int pixels = 0, cells = 0;
    void set(int new_pixels, int new_cells);
  };
  void read_rows(const PixelView& frame, const Background& background, int x0, int first_y, int last_y);
  void resample(int channels, int y0, int first_y, int last_y);
  void store(const Background& background, std::span<float> out) const;

  NetworkSpec spec_;
  Shares across_, down_;
  BackgroundGrid::Columns columns_at_;
  std::array<std::vector<std::int16_t>, 3> behind_;  // background of one row of the cut
  std::array<std::vector<std::int16_t>, 3> cut_;     // what lies inside the frame, row by row; 22714 at most
  std::vector<std::int32_t> columns_;                // of one row of cells
  std::array<std::vector<double>, 3> cells_;         // height x width sums: whole numbers, far below 2^53
};

}  // namespace capillaryx
