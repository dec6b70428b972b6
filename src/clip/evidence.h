// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace capillaryx {

/// Log odds in steps of 1/16, clipped to -4 .. 4, and back to probabilities. From a table that is made of
/// multiplications and divisions alone: the same on every machine.
namespace evidence {

constexpr int kOne = 16, kMost = 4 * kOne;

constexpr std::array<double, 2 * kMost + 1> make_table() {
  constexpr double kStep = 0.9394130628134758;  // e^(-1/16)
  std::array<double, 2 * kMost + 1> table{};
  double power = 1;
  for (int i = 0; i <= kMost; ++i) {
    table[static_cast<std::size_t>(kMost + i)] = 1 / (1 + power);
    table[static_cast<std::size_t>(kMost - i)] = power / (1 + power);
    power *= kStep;
  }
  return table;
}
/// Probability of each step from -kMost to kMost.
constexpr std::array<double, 2 * kMost + 1> kTable = make_table();

constexpr int of(double probability) {
  const auto above = std::upper_bound(kTable.begin(), kTable.end(), probability) - kTable.begin();
  return std::max(-kMost, static_cast<int>(above) - 1 - kMost);
}

/// `steps` need not be whole.
constexpr double probability(double steps) {
  const double place = std::clamp<double>(steps + kMost, 0, 2 * kMost);
  const auto whole = std::min(static_cast<std::size_t>(place), kTable.size() - 2);
  return kTable[whole] + (kTable[whole + 1] - kTable[whole]) * (place - static_cast<double>(whole));
}

}  // namespace evidence
}  // namespace capillaryx
