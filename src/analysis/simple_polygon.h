// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "analysis/outline.h"

namespace capillaryx {

/// Whether a closed line neither crosses nor touches itself, and has an area.
bool is_simple(const std::vector<OutlineFinder::Point>& polygon);

/// Makes a closed line simple: spikes are dropped, and where two sides meet the larger of the two loops stays. Leaves
/// a simple line as it is. Fewer than 3 points remain of a line without area. O(n^2) per meeting, n corners.
void make_simple(std::vector<OutlineFinder::Point>& polygon);

}  // namespace capillaryx
