// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "capillaryx/options.h"

namespace capillaryx::cli {

/// One measured run of `frames` frames with what `options` says, in this process: JSON of what it took.
///
/// Every worker analyses a frame before the clock starts; the clock stops with the last result. "digest" is a SHA-256
/// over all results without their timing: two runs with the same digest gave the same answers.
nlohmann::json measure(const std::vector<std::string>& inputs, const Options& options, std::int64_t frames);

}  // namespace capillaryx::cli
