// SPDX-License-Identifier: Apache-2.0
#include "quality/mask.h"

#include <algorithm>
#include <cmath>

namespace capillaryx {
namespace {

// A border is darker than this (grey values) and than a quarter of what lies in the field, and takes at least one cell
// in 400 of the frame. Cells next to it show its edge.
constexpr int kBlack = 24, kBorderEdgeCells = 3, kLeastBorderShare = 400;
// Light and print clip, or nearly. A patch of fewer cells is a speck of light, which hides no capillary.
constexpr int kClipped = 250, kInk = 4, kLeastPatchCells = 4, kPatchEdgeCells = 1;
// Print has hard edges: values this far apart inside cells that it covers.
constexpr int kHardEdge = 70, kInkEdgeShare = 16;

// A mark of cells that belong to a patch too small to matter, while patches are found.
constexpr auto kSpeck = static_cast<Masked>(255);

std::size_t at(const FrameMask& mask, int x, int y) {
  return static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width) + static_cast<std::size_t>(x);
}

/// Calls `visit(index)` for each cell that is connected to `start` (4 neighbours) through cells for which
/// `joins(index)` holds; `visit` must make it no longer hold.
template <class Joins, class Visit>
void flood(FrameMask& mask, int start, const Joins& joins, const Visit& visit) {
  mask.stack.assign(1, start);
  visit(start);
  while (!mask.stack.empty()) {
    const int cell = mask.stack.back();
    mask.stack.pop_back();
    const int x = cell % mask.width;
    const auto go = [&](int other) {
      if (!joins(other)) return;
      visit(other);
      mask.stack.push_back(other);
    };
    if (x > 0) go(cell - 1);
    if (x + 1 < mask.width) go(cell + 1);
    if (cell >= mask.width) go(cell - mask.width);
    if (cell + mask.width < static_cast<int>(mask.cells.size())) go(cell + mask.width);
  }
}

/// Cells nearer than `steps` to one of `kind` become it too (a square), unless they are masked already.
void widen(FrameMask& mask, Masked kind, int steps) {
  mask.component.clear();
  for (std::size_t i = 0; i < mask.cells.size(); ++i) {
    if (mask.cells[i] == kind) mask.component.push_back(static_cast<int>(i));
  }
  for (const int cell : mask.component) {
    const int x = cell % mask.width;
    const int y = cell / mask.width;
    // Inside of a patch nothing changes.
    const auto same = [&](int cx, int cy) {
      return cx < 0 || cy < 0 || cx >= mask.width || cy >= mask.height || mask.cells[at(mask, cx, cy)] == kind;
    };
    if (same(x - 1, y) && same(x + 1, y) && same(x, y - 1) && same(x, y + 1)) continue;
    for (int cy = std::max(0, y - steps); cy <= std::min(mask.height - 1, y + steps); ++cy) {
      for (int cx = std::max(0, x - steps); cx <= std::min(mask.width - 1, x + steps); ++cx) {
        Masked& other = mask.cells[at(mask, cx, cy)];
        if (other == Masked::kNot) other = kind;
      }
    }
  }
}

int median_level(const Cells& cells) {
  std::array<std::int64_t, 256> histogram{};
  for (const std::uint16_t level : cells.level) ++histogram[level / Cells::kOne];
  // Of the lit half: a border may be most of the frame.
  std::int64_t lit = 0;
  for (std::size_t grey = kBlack; grey < histogram.size(); ++grey) lit += histogram[grey];
  if (lit > 0) {
    std::int64_t beyond = lit / 2;
    for (std::size_t grey = kBlack; grey < histogram.size(); ++grey) {
      beyond -= histogram[grey];
      if (beyond < 0) return static_cast<int>(grey);
    }
  }
  return 0;
}

void find_border(const Cells& cells, FrameMask& mask) {
  const int limit = std::min(kBlack, median_level(cells) / 4) * Cells::kOne;
  if (limit == 0) return;
  std::int64_t found = 0;
  const auto joins = [&](int cell) {
    const auto i = static_cast<std::size_t>(cell);
    return mask.cells[i] == Masked::kNot && cells.level[i] <= limit;
  };
  const auto visit = [&](int cell) {
    mask.cells[static_cast<std::size_t>(cell)] = Masked::kBorder;
    ++found;
  };
  const auto try_at = [&](int x, int y) {
    const int cell = static_cast<int>(at(mask, x, y));
    if (joins(cell)) flood(mask, cell, joins, visit);
  };
  for (int x = 0; x < mask.width; ++x) {
    try_at(x, 0);
    try_at(x, mask.height - 1);
  }
  for (int y = 0; y < mask.height; ++y) {
    try_at(0, y);
    try_at(mask.width - 1, y);
  }
  if (found * kLeastBorderShare < static_cast<std::int64_t>(cells.count())) {
    std::replace(mask.cells.begin(), mask.cells.end(), Masked::kBorder, Masked::kNot);
  } else if (found > 0) {
    widen(mask, Masked::kBorder, kBorderEdgeCells);
  }
}

/// Patches that are clipped at either end: reflected light, or print where most of the patch has hard edges.
void find_patches(const Cells& cells, FrameMask& mask) {
  const auto clipped = [&](std::size_t i) { return cells.brightest[i] >= kClipped || cells.darkest[i] <= kInk; };
  const auto joins = [&](int cell) {
    const auto i = static_cast<std::size_t>(cell);
    return mask.cells[i] == Masked::kNot && clipped(i);
  };
  bool glare = false;
  bool print = false;
  for (std::size_t start = 0; start < cells.count(); ++start) {
    if (!clipped(start) || mask.cells[start] != Masked::kNot) continue;
    mask.component.clear();
    std::int64_t hard = 0;
    std::int64_t ink = 0;
    flood(mask, static_cast<int>(start), joins, [&](int cell) {
      const auto i = static_cast<std::size_t>(cell);
      mask.component.push_back(cell);
      hard += cells.brightest[i] - cells.darkest[i] >= kHardEdge ? 1 : 0;
      ink += cells.darkest[i] <= kInk ? 1 : 0;
      mask.cells[i] = Masked::kGlare;
    });
    const auto size = static_cast<std::int64_t>(mask.component.size());
    // What is black without a hard edge is dark tissue or no light at all.
    Masked kind = Masked::kGlare;
    if (size < kLeastPatchCells) {
      kind = Masked::kNot;
    } else if (2 * hard >= size || (ink > 0 && kInkEdgeShare * hard >= size)) {
      kind = Masked::kPrint;
    } else if (ink > 0) {
      kind = Masked::kNot;
    }
    // A speck keeps a mark until all are found, or it would be found again.
    for (const int cell : mask.component)
      mask.cells[static_cast<std::size_t>(cell)] = kind == Masked::kNot ? kSpeck : kind;
    glare = glare || kind == Masked::kGlare;
    print = print || kind == Masked::kPrint;
  }
  std::replace(mask.cells.begin(), mask.cells.end(), kSpeck, Masked::kNot);
  if (glare) widen(mask, Masked::kGlare, kPatchEdgeCells);
  if (print) widen(mask, Masked::kPrint, kPatchEdgeCells);
}

}  // namespace

void find_mask(const Cells& cells, const std::optional<std::array<int, 4>>& roi, FrameMask& mask) {
  mask.width = cells.width;
  mask.height = cells.height;
  mask.cells.assign(cells.count(), Masked::kNot);
  mask.outside = mask.border = mask.glare = mask.print = 0;
  if (cells.count() == 0) return;
  find_border(cells, mask);
  find_patches(cells, mask);
  if (roi) {
    const auto [x, y, width, height] = *roi;
    for (int cy = 0; cy < mask.height; ++cy) {
      for (int cx = 0; cx < mask.width; ++cx) {
        const std::int64_t px = std::int64_t{Cells::kSide} * cx + Cells::kSide / 2;
        const std::int64_t py = std::int64_t{Cells::kSide} * cy + Cells::kSide / 2;
        if (px < x || py < y || px >= std::int64_t{x} + width || py >= std::int64_t{y} + height) {
          mask.cells[at(mask, cx, cy)] = Masked::kOutside;
        }
      }
    }
  }
  for (const Masked kind : mask.cells) {
    mask.outside += kind == Masked::kOutside ? 1 : 0;
    mask.border += kind == Masked::kBorder ? 1 : 0;
    mask.glare += kind == Masked::kGlare ? 1 : 0;
    mask.print += kind == Masked::kPrint ? 1 : 0;
  }
}

void apply_mask(const FrameMask& mask, FrameResult& result) {
  if (mask.masked() == 0 || result.valid_px == 0) return;
  const auto is_masked = [&](double x, double y) {
    const int cx = static_cast<int>(std::clamp<double>(x / Cells::kSide, 0, mask.width - 1));
    const int cy = static_cast<int>(std::clamp<double>(y / Cells::kSide, 0, mask.height - 1));
    return mask.cells[at(mask, cx, cy)] != Masked::kNot;
  };
  std::int64_t covered = std::llround(result.density * static_cast<double>(result.valid_px));
  std::erase_if(result.capillaries, [&](const Capillary& capillary) {
    std::size_t masked = 0;
    const std::size_t points = capillary.polygon.size() / 2;
    for (std::size_t i = 0; i < points; ++i) {
      masked += is_masked(capillary.polygon[2 * i], capillary.polygon[2 * i + 1]) ? 1 : 0;
    }
    if (8 * masked < points || masked == 0) return false;
    covered -= capillary.area_px;
    return true;
  });
  std::erase_if(result.candidates, [&](const Candidate& candidate) {
    const auto& box = candidate.bbox;
    return is_masked(box[0] + box[2] / 2.0, box[1] + box[3] / 2.0);
  });
  const std::int64_t cell_px = std::int64_t{Cells::kSide} * Cells::kSide;
  result.valid_px = std::max<std::int64_t>(0, result.valid_px - cell_px * mask.masked());
  covered = std::clamp<std::int64_t>(covered, 0, result.valid_px);
  result.density = result.valid_px > 0 ? static_cast<double>(covered) / static_cast<double>(result.valid_px) : 0;
}

}  // namespace capillaryx
