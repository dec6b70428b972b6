// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/background.h"
#include "analysis/network_spec.h"
#include "analysis/reduced_frame.h"
#include "analysis/rois.h"
#include "capillaryx/frame.h"

namespace capillaryx {

/// Cuts regions out of their frame as a network wants them.
///
/// A cut is a square around the middle of the region's box: the box's longer side and half of it more, at least
/// kSmallestCutPx, so that its surroundings are seen and a speck is not blown up to the size of a capillary. It is
/// divided into cells, one for each value of a plane. A cell's pixel value is the mean over the cell, or over one pixel
/// around its middle where the cell is smaller than that, which is linear interpolation. Beyond the frame its border
/// pixels go on.
///
/// Local contrast is made of the frame at half its size, and of optical densities o = ln(background) - ln(pixel) of
/// each cell and channel; ln(background) is linear between the background's nodes:
///   plane 0, darkness  o_green / s
///   plane 1, redness   kColourGain (o_green - o_red) / s
///   plane 2, blueness  kColourGain (o_green - o_blue) / s
///   plane 3, region    m (1 + max(0, o_green) / kFaintDensity), for a network with four planes
/// where s is the frame's own robust standard deviation of darkness (robust SD / level of the background's green), at
/// least kLeastRobustSd, and m the part of the cell that belongs to the region: the fourth plane shows what is asked
/// about from what lies beside it, and how dark that is whatever the rest of the frame is like. A grey frame has no
/// colour: planes 1 and 2 are 0, and o_green is that of its one channel. The other kinds of input are made of the
/// frame's own pixels.
///
/// Means are of whole numbers, and then there is only + - * / on floats: the same bits on every machine.
/// Threads: one call at a time for an instance. Memory is used again.
class NetworkInputMaker {
 public:
  static constexpr int kSmallestCutPx = 40;
  static constexpr float kColourGain = 2.0F;
  static constexpr float kFaintDensity = 0.08F;  // about where capillaries begin that stand out from skin
  static constexpr int kRegionPlane = 3;
  static constexpr float kLeastRobustSd = 0.008F;

  explicit NetworkInputMaker(const NetworkSpec& spec);

  /// Takes up a frame, which must stay as it is, with all that is given here, until its last fill(). `reduced` is its
  /// half, `background` was fitted to it, `runs` are those of its regions (Rois::runs).
  void start(const PixelView& frame, const ReducedFrame& reduced, const Background& background,
             std::span<const Run> runs);

  /// Fills `out` (spec.input_size() values, in the network's layout) for a region of the frame.
  void fill(const Roi& roi, std::span<float> out);

 private:
  /// Values of one or three channels, row by row; what there is one of stands for all three.
  struct Planes {
    std::array<const std::int16_t*, 3> values;
    int channels, width;
    const std::int16_t* row(int channel, int y) const {
      return values[static_cast<std::size_t>(channel)] + std::ptrdiff_t{y} * width;
    }
  };
  /// Which values of a plane belong to a region: kMember or 0, for the part of the plane that a cut is made of.
  struct Members {
    const std::int16_t* values = nullptr;
    int width = 0;
    const std::int16_t* row(int y) const { return values == nullptr ? nullptr : values + std::ptrdiff_t{y} * width; }
  };
  template <class Memory>
  static Planes planes_of(const std::array<Memory, 3>& planes, int channels, int width);

  /// Along one axis: cell i is made of `taps` values of a plane from origin + first[i] on, with whole weights that add
  /// up to 2^10; weight k of cell i is weights[i * taps + k]. All cells together need `length` values.
  struct Shares {
    int taps = 0, cells = 0, origin = 0, length = 0;
    std::vector<int> first;
    std::vector<std::int32_t> weights;
    void clear(int new_taps, int new_cells);
    /// Means over the cells of `side` values from `start` on; the plane has `plane_length`.
    void set_means(int start, int side, int plane_length, int new_cells);
    /// The same cells of a plane of nodes: the plane has values at the places `at` alone, which rise, counted in half
    /// values, and is linear between.
    void set_nodes(int start, int side, const std::vector<int>& at, int new_cells);
  };

  Planes cut_pixels(const Roi& roi);
  static void ask_ahead(const Planes& planes, const Shares& across, const Shares& down, int cell_row);
  Members mark_members(const Roi& roi);
  void sum_cells(const Planes& planes, const Members& members, const Shares& across, const Shares& down, int cell_row,
                 std::vector<std::int32_t>& out);
  void fill_contrast(const Roi& roi, std::span<float> out);
  void fill_pixels(const Roi& roi, std::span<float> out);

  NetworkSpec spec_;
  PixelView frame_;
  const ReducedFrame* reduced_ = nullptr;
  const Background* background_ = nullptr;
  std::span<const Run> runs_;
  float unit_ = 0;                                   // of darkness
  std::array<std::vector<std::int16_t>, 3> pixels_;  // what a cut needs of the frame
  std::vector<std::int16_t> members_;
  Shares across_, down_, nodes_across_, nodes_down_;
  // One row of cells: its columns, sums and densities, with four places each (red, green, blue, region).
  std::vector<std::int32_t> columns_, cells_, behind_;
  std::vector<float> densities_;
};

}  // namespace capillaryx
