// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <vector>

#include "capillaryx/frame.h"
#include "networks/frame_network_spec.h"

namespace capillaryx {

/// Turns pixels into a network's numbers: channels, normalisation, layout, padding.
/// Threads: one call at a time for an instance. Memory is used again.
class FrameInput {
 public:
  FrameInput(const FrameNetworkSpec& spec, bool channels_last);

  /// Fills `out` (height x width x channels, or planes) with the window of `frame` whose upper left corner is (x, y).
  /// It may reach over the frame's right and lower borders.
  void fill(const PixelView& frame, int x, int y, int width, int height, std::span<float> out);

 private:
  std::vector<int> places(int begin, int count, int length) const;

  InputKind input_;
  FramePadding padding_;
  bool channels_last_;
  std::array<std::array<float, 256>, 3> tables_{};  // of each plane, by pixel
  float grey_mean_, grey_scale_;
};

/// The frame at another size, 8 bits, by exact fixed-point interpolation: the same bits on every machine.
void resize_frame(const PixelView& frame, int width, int height, std::vector<std::uint8_t>& pixels);

}  // namespace capillaryx
