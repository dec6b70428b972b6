// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "analysis/darkness.h"
#include "analysis/rois.h"
#include "capillaryx/frame_result.h"

namespace capillaryx {

/// The limits of a magnification that is found automatically: one and a half octaves either way.
inline constexpr double kLeastMagnification = 0.35355339059327379;
inline constexpr double kMostMagnification = 2.8284271247461903;

/// How large the vessels of a frame are beside those that the analysis is made for: 1 is as in the frames that the
/// network was trained on, 2 is twice as long and wide. From the sizes of the regions that stand out from the noise,
/// each weighted by its darkness and size. 1 if too few stand out. Not rounded.
double estimate_magnification(const std::vector<Roi>& rois, const Darkness& darkness);

/// A magnification as the analysis uses it: 1 if it is near 1, else the nearest quarter of an octave, within the
/// limits.
double rounded_magnification(double magnification);

/// Turns a result in the pixels of a grid of result.width x result.height into one of `width` x `height` px.
void scale_result(FrameResult& result, int width, int height);

}  // namespace capillaryx
