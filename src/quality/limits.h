// SPDX-License-Identifier: Apache-2.0
// Where a frame stops being data. scripts/calibrate_quality.py measures the limits marked `calibrated` (the expected
// error that a degradation adds to count and density passes 20 %); docs/quality.md says where the others come from.
#pragma once

#include <array>

namespace capillaryx {

struct QualityLimit {
  const char* measure;
  bool least;  ///< the limit is the least value that is usable, else the largest
  double value;
  const char* reason;
};

constexpr std::array kQualityLimits{
    QualityLimit{"print_share", false, 0.05, "text or marks cover the frame: not a picture of tissue"},
    QualityLimit{"clipped_bright", false, 0.20, "saturated"},
    QualityLimit{"clipped_dark", false, 0.20, "too dark: black"},
    QualityLimit{"level", true, 25, "too dark"},
    QualityLimit{"focus", true, 0.43, "out of focus"},
    QualityLimit{"motion", true, 0.30, "blurred by motion"},
    QualityLimit{"contrast", true, 0.02, "vessels hardly darker than the tissue"},
    QualityLimit{"occluded_share", false, 0.50, "more than half is hidden"},
};

}  // namespace capillaryx
