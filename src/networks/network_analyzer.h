// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "capillaryx/analyzer.h"
#include "networks/frame_network.h"

namespace capillaryx {

/// The algorithm that `options.model` asks for: the paper's with the shipped network or another region classifier, or a
/// network over whole frames. Throws Error (kModel).
std::unique_ptr<Analyzer> make_model_analyzer(const Options& options);

/// The same for an analyzer that is named as model:FILE, so that `compare` can have several networks.
std::unique_ptr<Analyzer> make_named_model_analyzer(const Options& options);

/// A network over whole frames as an analyzer. Segmentation: connected pixels (8 neighbours, holes filled) of at least
/// the threshold are a capillary, within min_area_px, max_area_px and max_length_px; its score is the mean probability.
/// Detection: a box is a capillary, in whole pixels, and its outline. Frame: numbers go into `values`.
std::unique_ptr<Analyzer> make_network_analyzer(std::unique_ptr<FrameNetwork> network, const Options& options);

}  // namespace capillaryx
