// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/darkness.h"

namespace capillaryx {

/// The share of places that are darker, and brighter, than their background by 4 robust standard deviations; glare
/// (saturated places and their rims) is neither.
struct StandingOut {
  double dark = 0, bright = 0;
};
StandingOut standing_out(const Darkness& darkness);

/// What shows whether a frame is one that the analysis is made for.
struct Findings {
  StandingOut places;
  std::size_t regions = 0;      ///< that the network was asked about
  std::size_t undecided = 0;    ///< of these, by what it said: is_undecided()
  std::size_t capillaries = 0;  ///< regions that were taken for one
  double typical_width_px = 0;  ///< their median width at half of their depth; px of what was analysed
};

/// Appends to `notes` each reason to doubt the result: vessels that look brighter than the tissue, many regions of
/// which hardly any is a capillary, scores that are neither high nor low, vessels much narrower or wider than those
/// that the network was trained on. Where a result may be wrong without any other sign, its reader must know. A note's
/// kind is what stands before its " (". The limits come from synthetic frames (docs/analysis.md). Threads: any.
void add_doubts(const Findings& findings, std::vector<std::string>& notes);

}  // namespace capillaryx
