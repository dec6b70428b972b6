// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "analysis/background.h"
#include "analysis/darkness.h"
#include "analysis/rois.h"
#include "analysis/ssim.h"
#include "capillaryx/frame_result.h"

namespace capillaryx {

/// The six pictures of the paper's Fig. 2, at the frame's size:
///   a_frame         the frame
///   b_background    its background
///   c_segmentation  background - frame (mid-grey: equal; darker places brighter), the regions in red
///   d_ssim          similarity of the two (white: equal), the places that are structure in red
///   e_regions       the accepted capillaries on the background: black contours in green boxes
///   f_overlay       the same on the frame
std::vector<StagePicture> draw_stages(const PixelView& frame, const Background& background, const Darkness& darkness,
                                      const SsimMap& ssim, int structure_threshold, const Rois& rois,
                                      const FrameResult& result);

}  // namespace capillaryx
