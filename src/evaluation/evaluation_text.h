// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluation/evaluation.h"

namespace capillaryx {

/// The tables that a person reads: the total at each IoU with its intervals, then one row per frame at the first IoU.
/// `labels` names what was compared with. At least one evaluation.
std::string evaluation_text(const std::vector<Evaluation>& evaluations, const std::vector<LabelledFrame>& frames,
                            const std::string& labels);

/// The same as an object: `total` and `images` at the first IoU, `intervals`, and `others` at the further ones.
nlohmann::ordered_json evaluation_json(const std::vector<Evaluation>& evaluations,
                                       const std::vector<LabelledFrame>& frames, const std::string& labels);

}  // namespace capillaryx
