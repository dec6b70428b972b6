// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "capillaryx/analyzer.h"

namespace capillaryx {

/// The paper's algorithm (III-A): background -> ssim -> rois -> classifier -> density.
/// Throws Error (kModel) where the network cannot be used.
std::unique_ptr<Analyzer> make_capillary_analyzer(const Options& options);

/// Its name and version, as Analyzer has them.
inline constexpr char kCapillaryAnalyzer[] = "capillary";
inline constexpr char kCapillaryAnalyzerVersion[] = "1";

/// The network that the program ships. Cheap: it is not read.
ModelIdentity shipped_model();

}  // namespace capillaryx
