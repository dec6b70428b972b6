// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "capillaryx/options.h"

namespace capillaryx {

/// A row of pixels: (x .. x + length - 1, y), frame px.
struct Run {
  int x = 0, y = 0, length = 0;
};

/// A region of interest: a place that may hold one capillary. Frame pixels, inside the frame.
struct Roi {
  int x = 0, y = 0, width = 0, height = 0;  ///< box of its pixels, px
  int area_px = 0;                          ///< its pixels
  int peak_x = 0, peak_y = 0;               ///< where it is darkest, px
  float darkness = 0;       ///< peak darkness against the background (slightly blurred), grey values of the first plane
  float mean_darkness = 0;  ///< mean of the same over its pixels, grey values
  int first_run = 0, run_count = 0;  ///< its pixels in Rois::runs
};

/// The regions of one frame, from the top left down, and their pixels.
struct Rois {
  std::vector<Roi> rois;
  std::vector<Run> runs;
};

}  // namespace capillaryx
