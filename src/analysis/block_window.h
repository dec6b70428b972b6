// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace capillaryx {

/// A window of whole numbers on blocks of 2x2 px, row by row. Behind the last there is room for a vector.
struct BlockWindow {
  static constexpr int kRoom = 64;

  int left = 0, top = 0;      ///< of the first block, px; may lie outside the frame
  int width = 0, height = 0;  ///< blocks
  std::vector<std::int16_t> values;

  std::size_t at(int x, int y) const { return static_cast<std::size_t>(y * width + x); }
  std::size_t size() const { return static_cast<std::size_t>(width * height); }

  /// Places it; its values are then any.
  void set(int new_left, int new_top, int new_width, int new_height);
};

/// Blurs `in` by -1 4 10 4 -1 in both directions into `out`, which is smaller by two blocks on every side. What is
/// straight or bent stays as it is, so that a vessel grows neither wider nor paler; noise falls by half.
void blur_window(const BlockWindow& in, BlockWindow& out, std::vector<std::int16_t>& between);

/// Turns every value of a window of this width into the highest of the `side` x `side` values from it on, in place,
/// where each is the highest of `have` x `have` already (1: as they are). At the end of a row they go on in the next
/// one, and end with the last.
void highest_of_squares(std::span<std::uint8_t> values, int width, int have, int side);
void highest_of_squares(std::span<std::int16_t> values, int width, int have, int side);
/// The same with the lowest.
void lowest_of_squares(std::span<std::uint8_t> values, int width, int have, int side);

/// How deep the block of a mask that lies deepest lies inside: steps along, across and aslant to the nearest one
/// outside, `most` at most. The mask has a byte for every block of a window of this width, 1 inside, and 0 at the
/// border. `scratch` is used again.
int half_width_of(std::span<const std::uint8_t> mask, int width, int most, std::vector<std::uint8_t>& scratch);

/// How wide what a mask holds is, in blocks: that of the stadium (a line with round ends) of its area and perimeter.
/// The latter is by Cauchy and Crofton, from how often lines in four directions cross its border. A vessel's comes out
/// within 12 % however it lies; a disc's up to 35 % too small, as its perimeter must be known well. 0 of none.
double mean_width_of(std::span<const std::uint8_t> mask, int width);

}  // namespace capillaryx
