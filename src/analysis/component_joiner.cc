// SPDX-License-Identifier: Apache-2.0
#include "analysis/component_joiner.h"

#include <algorithm>
#include <cstring>

namespace capillaryx {
namespace {

constexpr int kNone = -1;
constexpr int kPart = 4;  // a component that is smaller by this factor than the largest is a speck

}  // namespace

void ComponentJoiner::join(const BlockWindow& window, const std::vector<std::uint8_t>& region,
                           std::vector<std::uint8_t>& mask) {
  steps_[0] = 1;
  steps_[1] = window.width;
  steps_[2] = -1;
  steps_[3] = -window.width;
  find_components(mask, window.width);
  if (sizes_.size() < 2) return;
  const auto largest = std::max_element(sizes_.begin(), sizes_.end());
  least_ = (*largest + kPart - 1) / kPart;
  if (std::count_if(sizes_.begin(), sizes_.end(), [this](int size) { return size >= least_; }) < 2) return;
  // The first component is the one that the others are joined to.
  const auto main = static_cast<int>(largest - sizes_.begin());
  std::iter_swap(sizes_.begin(), largest);
  component_.assign(mask.size(), kNone);
  for (const Run& run : runs_) {
    const int component = run.component == main ? 0 : run.component == 0 ? main : run.component;
    std::fill(component_.begin() + run.begin, component_.begin() + run.end, component);
  }
  while (join_next(region, mask)) continue;
}

int ComponentJoiner::first_of(int run) {
  Run* const runs = runs_.data();
  while (runs[run].above != run) run = runs[run].above = runs[runs[run].above].above;
  return run;
}

// Numbers them in reading order of their first blocks.
void ComponentJoiner::find_components(const std::vector<std::uint8_t>& mask, int width) {
  runs_.clear();
  const std::uint8_t *const blocks = mask.data(), *const end = blocks + mask.size();
  const auto next = [end](const std::uint8_t* from, int what) {
    return static_cast<const std::uint8_t*>(std::memchr(from, what, static_cast<std::size_t>(end - from)));
  };
  // The border parts the rows.
  for (const std::uint8_t* at = blocks; (at = next(at, 1)) != nullptr;) {
    const std::uint8_t* const stop = next(at, 0);
    const auto number = static_cast<int>(runs_.size());
    runs_.push_back({static_cast<int>(at - blocks), static_cast<int>(stop - blocks), number, kNone});
    at = stop;
  }
  const Run* const runs = runs_.data();
  const auto count = static_cast<int>(runs_.size());
  for (int i = 0, above = 0; i < count; ++i) {
    while (runs[above].end <= runs[i].begin - width) ++above;
    for (int k = above; runs[k].begin < runs[i].end - width; ++k) {
      const int a = first_of(i), b = first_of(k);
      runs_[static_cast<std::size_t>(std::max(a, b))].above = std::min(a, b);
    }
  }
  sizes_.clear();
  for (Run& run : runs_) {
    const int above = run.above;
    const bool first = &run == runs + above;
    run.component = first ? static_cast<int>(sizes_.size()) : runs[above].component;
    if (first) sizes_.push_back(0);
    sizes_[static_cast<std::size_t>(run.component)] += run.end - run.begin;
  }
}

// Joins the nearest component that is large enough to the first one; false where there is none.
bool ComponentJoiner::join_next(const std::vector<std::uint8_t>& region, std::vector<std::uint8_t>& mask) {
  queue_.clear();
  came_from_.assign(mask.size(), kNone);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (component_[i] != 0) continue;
    queue_.push_back(static_cast<int>(i));
    came_from_[i] = static_cast<int>(i);
  }
  for (std::size_t next = 0; next < queue_.size(); ++next) {
    const int block = queue_[next];
    for (const int step : steps_) {
      const auto neighbour = static_cast<std::size_t>(block + step);
      if (region[neighbour] == 0 || came_from_[neighbour] != kNone) continue;
      came_from_[neighbour] = block;
      queue_.push_back(static_cast<int>(neighbour));
      const int found = component_[neighbour];
      if (found <= 0 || sizes_[static_cast<std::size_t>(found)] < least_) continue;
      for (int on = block; component_[static_cast<std::size_t>(on)] != 0;
           on = came_from_[static_cast<std::size_t>(on)]) {
        mask[static_cast<std::size_t>(on)] = 1;
        component_[static_cast<std::size_t>(on)] = 0;
      }
      for (int& component : component_) component = component == found ? 0 : component;
      return true;
    }
  }
  return false;
}

}  // namespace capillaryx
