// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "phantom/clip.h"
#include "phantom/look.h"

namespace capillaryx::phantom {

/// How far the frames of a clip reach beyond the field at rest, px.
struct ClipSpace {
  int margin_x = 0, margin_y = 0;   ///< on each side
  double drift_x = 0, drift_y = 0;  ///< from the first frame to the last, at most
};
ClipSpace clip_space(const PhantomOptions& drawing, const PhantomClipOptions& options);

/// The place and the state of each frame.
std::vector<PhantomClipFrame> clip_frames(const PhantomOptions& drawing, const PhantomClipOptions& options,
                                          std::int64_t index);

/// Something that lies over a picture of optical density: picture * keep + plus.
struct Layer {
  cv::Mat keep, plus;  ///< CV_32FC3
};

/// Lays the part of `layer` at (x, y) over `picture`.
void lay_over(const Layer& layer, int x, int y, cv::Mat& picture);

/// Blood that moves through a capillary, with gaps of plasma between the cells.
struct BloodFlow {
  double px_per_frame = 0;
  double spacing_px = 80, gap_px = 12;
  double depth = 0;  ///< share of the darkness that the middle of a gap lacks
  double phase_px = 0;
  cv::Mat along;  ///< of each pixel of the capillary's patch: length along its centre line, px (CV_32F)
};
BloodFlow choose_flow(const PhantomOptions& drawing, const PhantomClipOptions& options, std::int64_t index,
                      std::size_t capillary, const SyntheticCapillary& drawn);

/// The capillary's density at a frame.
cv::Mat flowing(const BloodFlow& flow, const cv::Mat& density, int frame);

}  // namespace capillaryx::phantom
