// SPDX-License-Identifier: Apache-2.0
#include "analysis/dark_components.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/dark_components.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Bit x % 64 of word x / 64 for each value of a row that is dark; the last word is filled up with zeros.
void mark_dark(const std::int16_t* values, std::int16_t lowest, int width, std::uint64_t* bits) {
  constexpr int kWord = 64;
  int x = 0;
#if HWY_TARGET != HWY_SCALAR
  static_assert(hn::MaxLanes(hn::ScalableTag<std::int16_t>()) >= 8);
  const hn::CappedTag<std::int16_t, kWord> many;
  const auto below = hn::Set(many, static_cast<std::int16_t>(lowest - 1));
  const int lanes = static_cast<int>(hn::Lanes(many));
  for (; x + kWord <= width; x += kWord) {
    std::uint8_t* const bytes = reinterpret_cast<std::uint8_t*>(bits + x / kWord);
    for (int i = 0; i < kWord; i += lanes) {
      hn::StoreMaskBits(many, hn::Gt(hn::LoadU(many, values + x + i), below), bytes + i / 8);
    }
  }
#endif
  for (; x < width; x += kWord) {
    std::uint64_t word = 0;
    for (int i = std::min(kWord, width - x) - 1; i >= 0; --i) word = 2 * word + (values[x + i] >= lowest ? 1 : 0);
    bits[x / kWord] = word;
  }
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(mark_dark);

static_assert(std::endian::native == std::endian::little);  // bits are written by bytes and read by words

}  // namespace

int DarkComponents::root(int run) {
  int* const parents = parents_.data();
  while (parents[run] != run) run = parents[run] = parents[parents[run]];
  return run;
}

// The runs of bits_.
void DarkComponents::append_runs(int y, int width) {
  const int words = static_cast<int>(bits_.size());
  int begin = -1;  // of the run that goes on
  for (int i = 0; i < words; ++i) {
    const std::uint64_t word = bits_[static_cast<std::size_t>(i)];
    // 1 where a run begins or has ended.
    std::uint64_t edges = word ^ (word << 1U | (begin >= 0 ? 1U : 0U));
    for (; edges != 0; edges &= edges - 1) {
      const int x = 64 * i + std::countr_zero(edges);
      if (begin >= 0) found_.push_back({begin, y, x - begin});
      begin = begin >= 0 ? -1 : x;
    }
  }
  if (begin >= 0) found_.push_back({begin, y, width - begin});
}

// Joins the runs from `here` on with those of the row above, which begin at `above`.
void DarkComponents::join_rows(int above, int here) {
  const int end = static_cast<int>(found_.size());
  const Run* const runs = found_.data();
  int first = above;
  for (int i = here; i < end; ++i) {
    const int run_end = runs[i].x + runs[i].length;
    while (first < here && runs[first].x + runs[first].length < runs[i].x) ++first;
    for (int k = first; k < here && runs[k].x <= run_end; ++k) {
      const int a = root(i), b = root(k);
      parents_[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
    }
  }
}

// components_ and runs_ out of found_.
void DarkComponents::sort_by_component() {
  const int count = static_cast<int>(found_.size());
  components_.clear();
  component_of_.resize(found_.size());
  for (int i = 0; i < count; ++i) {
    const auto run = static_cast<std::size_t>(i);
    const int first = root(i);
    if (first == i) {
      component_of_[run] = static_cast<int>(components_.size());
      components_.push_back({0, 0, 0, found_[run].x, found_[run].y, 0, 0});
    } else {
      component_of_[run] = component_of_[static_cast<std::size_t>(first)];
    }
    Component& component = components_[static_cast<std::size_t>(component_of_[run])];
    ++component.end_run;
    component.area += found_[run].length;
    component.x0 = std::min(component.x0, found_[run].x);
    component.x1 = std::max(component.x1, found_[run].x + found_[run].length);
    component.y1 = found_[run].y + 1;
  }
  int start = 0;
  for (Component& component : components_) {
    component.first_run = start;
    start += component.end_run;
    component.end_run = component.first_run;
  }
  runs_.resize(found_.size());
  for (std::size_t run = 0; run < found_.size(); ++run) {
    runs_[static_cast<std::size_t>(components_[static_cast<std::size_t>(component_of_[run])].end_run++)] = found_[run];
  }
}

void DarkComponents::find(const Darkness& darkness, int lowest) {
  const int width = darkness.width;
  const auto least = static_cast<std::int16_t>(std::min<int>(lowest, std::numeric_limits<std::int16_t>::max()));
  bits_.resize((static_cast<std::size_t>(width) + 63) / 64);
  found_.clear();
  parents_.clear();
  int above = 0, here = 0;
  for (int y = 0; y < darkness.height; ++y) {
    HWY_DYNAMIC_DISPATCH(mark_dark)
    (darkness.smooth.data() + static_cast<std::ptrdiff_t>(y) * width, least, width, bits_.data());
    append_runs(y, width);
    for (std::size_t i = parents_.size(); i < found_.size(); ++i) parents_.push_back(static_cast<int>(i));
    join_rows(above, here);
    above = here;
    here = static_cast<int>(found_.size());
  }
  sort_by_component();
}

}  // namespace capillaryx
#endif
