// SPDX-License-Identifier: Apache-2.0
#include "analysis/choice.h"

#include <cstddef>

namespace capillaryx {

void RegionChoice::choose(std::span<const Roi> rois, std::span<const float> scores) {
  const auto around = [rois](std::size_t i) { return static_cast<std::size_t>(rois[i].within); };
  parts_.assign(rois.size(), 0);
  waiting_.assign(rois.size(), 0);
  stays_.assign(rois.size(), 1);
  inside_.assign(rois.size(), 0);
  order_.clear();
  for (const Roi& roi : rois) {
    if (roi.within >= 0) ++waiting_[static_cast<std::size_t>(roi.within)];
  }
  for (std::size_t i = 0; i < rois.size(); ++i) {
    if (waiting_[i] == 0) order_.push_back(static_cast<int>(i));
  }
  for (std::size_t next = 0; next < order_.size(); ++next) {
    const auto i = static_cast<std::size_t>(order_[next]);
    const float squared = scores[i] * scores[i];
    float power = squared * squared * squared * squared;
    if (scores[i] == kNoRegion || power < parts_[i]) {
      stays_[i] = 0;
      power = parts_[i];
    }
    if (rois[i].within < 0) continue;
    parts_[around(i)] += power;
    if (--waiting_[around(i)] == 0) order_.push_back(rois[i].within);
  }
  // Outer ones first: the largest that stays takes all that is in it.
  for (std::size_t next = order_.size(); next-- > 0;) {
    const auto i = static_cast<std::size_t>(order_[next]);
    if (rois[i].within >= 0) inside_[i] = static_cast<char>(stays_[around(i)] != 0 || inside_[around(i)] != 0);
  }
  for (std::size_t i = 0; i < rois.size(); ++i) {
    if (inside_[i] != 0) stays_[i] = 0;
  }
}

}  // namespace capillaryx
