// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace capillaryx {

/// Calls `on_run(y, x0, x1)` for each run of pixels x0 to x1 - 1 of row y whose middles lie inside a closed polygon
/// (even-odd rule), row by row. `corner(i)` gives x and y of corner i of `count`, px, as a pair of doubles; rows and
/// columns must fit an int. A middle on the line lies on one side of it.
template <class Corner, class OnRun>
void visit_polygon_rows(std::size_t count, const Corner& corner, const OnRun& on_run) {
  if (count == 0) return;
  double top = corner(0).second, bottom = top;
  for (std::size_t i = 1; i < count; ++i) {
    top = std::min(top, corner(i).second);
    bottom = std::max(bottom, corner(i).second);
  }
  std::vector<double> crossings;
  for (int y = static_cast<int>(std::floor(top)); y <= static_cast<int>(std::floor(bottom)); ++y) {
    const double at = y + 0.5;
    crossings.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const auto [ax, ay] = corner(i);
      const auto [bx, by] = corner(i + 1 < count ? i + 1 : 0);
      if ((ay <= at) == (by <= at)) continue;
      crossings.push_back(ax + (at - ay) / (by - ay) * (bx - ax));
    }
    std::sort(crossings.begin(), crossings.end());
    for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
      const int x0 = static_cast<int>(std::ceil(crossings[i] - 0.5));
      const int x1 = static_cast<int>(std::ceil(crossings[i + 1] - 0.5));
      if (x0 < x1) on_run(y, x0, x1);
    }
  }
}

}  // namespace capillaryx
