// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace capillaryx {

/// A composed character and the up to four that it decomposes into; the rest are 0.
struct Decomposition {
  char16_t composed;
  char16_t part1 = 0, part2 = 0, part3 = 0, part4 = 0;
};

/// By `composed`, ascending.
extern const std::array<Decomposition, 999> kDecompositions;

}  // namespace capillaryx
