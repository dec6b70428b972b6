// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "analysis/background.h"

namespace capillaryx {

/// Natural logarithms of grey values, which are counted in 1/Background::kOne from 0 to 255.
using Logarithms = std::array<std::int16_t, 256 * Background::kOne>;

/// A table of them with `one` steps of 1. What is darker than one grey value counts as one.
inline Logarithms make_logarithms(int one) {
  Logarithms table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double grey = std::max(1.0, static_cast<double>(i) / Background::kOne);
    table[i] = static_cast<std::int16_t>(std::lround(std::log(grey) * one));
  }
  return table;
}

}  // namespace capillaryx
