// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "capillaryx/frame_result.h"
#include "quality/cells.h"

namespace capillaryx {

/// Why a cell of a frame is not measured.
enum class Masked : std::uint8_t {
  kNot = 0,
  kOutside,  ///< outside the region of interest that was given
  kBorder,   ///< black border, or what lies outside a round field
  kGlare,    ///< reflected light
  kPrint,    ///< text, scale bars and other marks burnt into the picture
};

/// Which cells of a frame are not measured. Memory is used again.
struct FrameMask {
  int width = 0, height = 0;  ///< cells
  std::vector<Masked> cells;
  std::int64_t outside = 0, border = 0, glare = 0, print = 0;  ///< cells of each kind

  std::int64_t masked() const { return outside + border + glare + print; }
  std::int64_t field() const { return static_cast<std::int64_t>(cells.size()) - outside - border; }

  std::vector<int> stack, component;  ///< scratch
};

/// Finds what lies in no tissue. `roi` (x, y, width, height, px): nothing outside of it is measured.
void find_mask(const Cells& cells, const std::optional<std::array<int, 4>>& roi, FrameMask& mask);

/// Takes what is masked out of `result`: capillaries that lie in it, their share of the density, and valid_px.
/// Candidates in it go too.
void apply_mask(const FrameMask& mask, FrameResult& result);

}  // namespace capillaryx
