// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "capillaryx/analyzer.h"

namespace capillaryx {

/// Methods of others, as the paper's section II-B describes them, to see what each gives on the same frames. None has a
/// network. Where that description gives no size, it was chosen for limbs of 5 to 14 px (docs/comparators.md). Regions
/// are limited by the options min_area_px, max_area_px and max_length_px, as the shipped pipeline's are.

/// "background-ssim": the shipped pipeline without its network: every region is a capillary.
std::unique_ptr<Analyzer> make_background_ssim_analyzer(const Options& options);

/// "tophat-skeleton": top-hat, Wiener filter, Gaussian, Otsu, skeleton (Tama 2015). `values` has "skeleton_px", the
/// length of all skeletons.
std::unique_ptr<Analyzer> make_tophat_skeleton_analyzer(const Options& options);

/// "clahe-otsu": adaptive histogram equalisation, Gaussian, Otsu (Nivedha 2016, without its support vector machine).
std::unique_ptr<Analyzer> make_clahe_otsu_analyzer(const Options& options);

}  // namespace capillaryx
