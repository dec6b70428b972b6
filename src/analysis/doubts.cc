// SPDX-License-Identifier: Apache-2.0
#include "analysis/doubts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace capillaryx {
namespace {

constexpr int kStep = 3;       // every 3rd place of every 3rd row, as for the deviation
constexpr float kFarFrom = 4;  // robust standard deviations
constexpr int kRim = 4;        // reduced px around saturated places that are brightened by them
constexpr int kSaturated = 250 * Darkness::kCoarseOne;

constexpr double kLeastBright = 0.01, kBrightToDark = 2;     // of places that stand out
constexpr std::size_t kManyRegions = 50;                     // twice what synthetic frames without capillaries have
constexpr std::size_t kRegionsOfOne = 20;                    // regions for one capillary
constexpr std::size_t kFewestScores = 8, kFewestWidths = 5;  // under which a share or a median says nothing
constexpr double kMostUndecided = 1.0 / 3;
constexpr double kLeastWidthPx = 10, kMostWidthPx = 40;  // half and twice of what synthetic capillaries have

}  // namespace

StandingOut standing_out(const Darkness& darkness) {
  const auto far = static_cast<int>(kFarFrom * darkness.robust_sd * Darkness::kFineOne);
  const auto place = [&](int x, int y) { return static_cast<std::ptrdiff_t>(y) * darkness.width + x; };
  const auto is_saturated = [&](int x, int y) {
    const std::ptrdiff_t at = place(std::clamp(x, 0, darkness.width - 1), std::clamp(y, 0, darkness.height - 1));
    return darkness.behind.data()[at] / (Background::kOne / Darkness::kCoarseOne) - darkness.difference.data()[at] >=
           kSaturated;
  };
  const auto is_glare = [&](int x, int y) {
    for (int k = -kRim; k <= kRim; k += 2) {
      if (is_saturated(x + k, y) || is_saturated(x, y + k)) return true;
    }
    return false;
  };
  std::int64_t dark = 0, bright = 0, all = 0;
  for (int y = 0; y < darkness.height; y += kStep) {
    for (int x = 0; x < darkness.width; x += kStep) {
      const int value = darkness.smooth.data()[place(x, y)];
      ++all;
      if (value > far) ++dark;
      if (value < -far && !is_glare(x, y)) ++bright;
    }
  }
  if (all == 0) return {};
  return {static_cast<double>(dark) / static_cast<double>(all), static_cast<double>(bright) / static_cast<double>(all)};
}

void add_doubts(const Findings& findings, std::vector<std::string>& notes) {
  const auto& [places, regions, undecided, capillaries, width_px] = findings;
  if (places.bright >= kLeastBright && places.bright > kBrightToDark * places.dark) {
    notes.push_back(fmt::format(
        "the picture may be inverted: what stands out is mostly brighter than the tissue, and capillaries are "
        "sought where it is darker ({:.1f} % of the frame is brighter, {:.1f} % darker)",
        100 * places.bright, 100 * places.dark));
  }
  if (regions >= kManyRegions && capillaries * kRegionsOfOne < regions) {
    notes.push_back(
        fmt::format("hardly any region is taken for a capillary: the frame may be unlike those that the "
                    "network knows ({} of {} regions)",
                    capillaries, regions));
  }
  if (regions >= kFewestScores && static_cast<double>(undecided) > kMostUndecided * static_cast<double>(regions)) {
    notes.push_back(fmt::format("the network is undecided: count and density are uncertain ({} of {} regions)",
                                undecided, regions));
  }
  if (capillaries >= kFewestWidths && (width_px < kLeastWidthPx || width_px > kMostWidthPx)) {
    notes.push_back(
        fmt::format("vessel width out of range: areas and density are uncertain ({:.0f} px of the "
                    "grid that is analysed, which is made for {:.0f} to {:.0f} px)",
                    width_px, kLeastWidthPx, kMostWidthPx));
  }
}

}  // namespace capillaryx
