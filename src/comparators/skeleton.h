// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core/mat.hpp>

namespace capillaryx {

/// The middle lines, one pixel wide, of the white regions of a binary picture (0 and 255): thinning after Zhang and
/// Suen 1984. Every region keeps at least one pixel.
cv::Mat skeleton_of(const cv::Mat& binary);

}  // namespace capillaryx
