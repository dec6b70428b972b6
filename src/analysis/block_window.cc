// SPDX-License-Identifier: Apache-2.0
#include "analysis/block_window.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/block_window.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef CAPILLARYX_BLOCK_WINDOW_CROSSINGS
#define CAPILLARYX_BLOCK_WINDOW_CROSSINGS
namespace capillaryx {
// Of a mask: its blocks, and how often lines along and across, and lines aslant, cross its border.
struct Crossings {
  int area, straight, aslant;
};
}  // namespace capillaryx
#endif

HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

HWY_INLINE void blur_line(const std::int16_t* in, std::ptrdiff_t step, int count, std::int16_t* out) {
  for (int i = 0; i < count; ++i) {
    const auto value = [&](int k) { return std::int32_t{in[i + k * step]}; };
    out[i] = static_cast<std::int16_t>((10 * value(2) + 4 * (value(1) + value(3)) - (value(0) + value(4)) + 8) >> 4);
  }
}

#else

// out[i] is the blur of in[i], in[i + step], ... in[i + 4 step]. Writes whole vectors. Values are below 2^14 and a blur
// makes them at most 1.25 times as large: a sum of two has room in 16 bits, the others in 32 only. There a
// multiplication of pairs adds two of them, as what is interleaved lies side by side.
HWY_INLINE void blur_line(const std::int16_t* in, std::ptrdiff_t step, int count, std::int16_t* out) {
  const hn::ScalableTag<std::int16_t> narrow;
  const hn::RepartitionToWide<decltype(narrow)> wide;
  const int lanes = static_cast<int>(hn::Lanes(narrow));
  const auto pair = [&](int first, int second) HWY_ATTR {
    return hn::BitCast(narrow, hn::Set(wide, static_cast<std::int32_t>((first & 0xFFFF) | second * 65536)));
  };
  const auto outer = pair(-1, 4), inner = pair(10, 8);
  const auto one = hn::Set(narrow, 1);
  const auto sum = [&](auto far_near, auto middle_one) HWY_ATTR {
    auto rest = hn::Zero(wide);
    auto all = hn::ReorderWidenMulAccumulate(wide, far_near, outer, hn::Zero(wide), rest);
    all = hn::ReorderWidenMulAccumulate(wide, middle_one, inner, all, rest);
    return hn::ShiftRight<4>(hn::RearrangeToOddPlusEven(all, rest));
  };
  for (int i = 0; i < count; i += lanes) {
    const auto value = [&](int k) HWY_ATTR { return hn::LoadU(narrow, in + i + k * step); };
    const auto far = hn::Add(value(0), value(4)), near = hn::Add(value(1), value(3)), middle = value(2);
    const auto low = sum(hn::InterleaveLower(narrow, far, near), hn::InterleaveLower(narrow, middle, one));
    const auto high = sum(hn::InterleaveUpper(narrow, far, near), hn::InterleaveUpper(narrow, middle, one));
    hn::StoreU(hn::ReorderDemote2To(narrow, low, high), narrow, out + i);
  }
}

#endif

// Down first, for which the rows of a window are one line, into `between`; then across, row by row: what is written
// beyond a row, the next one puts right.
void blur(const std::int16_t* in, int width, int height, std::int16_t* between, std::int16_t* out) {
  const int rows = height - 4;
  blur_line(in, width, width * rows, between);
  for (int y = 0; y < rows; ++y) blur_line(between + y * width, 1, width - 4, out + y * (width - 4));
}

struct Higher {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Max(a, b);
  }
};

struct Lower {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Min(a, b);
  }
};

// Of values[i] and values[i + ahead] the higher or lower one, in place, as far as whole vectors go. Returns where that
// is.
template <class Which, class Tag, class Value>
HWY_INLINE std::ptrdiff_t take_vectors(Which which, Tag many, Value* values, std::ptrdiff_t ahead, std::ptrdiff_t i,
                                       std::ptrdiff_t count) {
  const auto lanes = static_cast<std::ptrdiff_t>(hn::Lanes(many));
  for (; i + lanes <= count - ahead; i += lanes) {
    hn::StoreU(which(hn::LoadU(many, values + i), hn::LoadU(many, values + i + ahead)), many, values + i);
  }
  return i;
}

// Windows are small: what is left of them after the widest vectors is worth shorter ones.
template <class Which, class Value>
HWY_INLINE void take(Which which, Value* values, std::ptrdiff_t ahead, std::ptrdiff_t count) {
  std::ptrdiff_t i = take_vectors(which, hn::ScalableTag<Value>(), values, ahead, 0, count);
  i = take_vectors(which, hn::CappedTag<Value, 16 / sizeof(Value)>(), values, ahead, i, count);
  take_vectors(which, hn::CappedTag<Value, 1>(), values, ahead, i, count);
}

// Squares of twice the side, and twice that, and what is left.
template <class Which, class Value>
HWY_INLINE void grow_squares(Which which, Value* values, std::ptrdiff_t count, int width, int have, int side) {
  while (have < side) {
    const int more = std::min(have, side - have);
    take(which, values, more, count);
    take(which, values, static_cast<std::ptrdiff_t>(more) * width, count);
    have += more;
  }
}

// Plain: compiled for every instruction set, it becomes its vectors.
Crossings count_crossings(const std::uint8_t* in, std::ptrdiff_t count, int width) {
  int area = 0, straight = 0, aslant = 0;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    area += in[i];
    straight += (in[i] ^ in[i + 1]) + (in[i] ^ in[i + width]);
    aslant += (in[i] ^ in[i + width + 1]) + (in[i + 1] ^ in[i + width]);
  }
  return {area, straight, aslant};
}

void highest_bytes(std::uint8_t* values, std::ptrdiff_t count, int width, int have, int side) {
  grow_squares(Higher(), values, count, width, have, side);
}

void lowest_bytes(std::uint8_t* values, std::ptrdiff_t count, int width, int have, int side) {
  grow_squares(Lower(), values, count, width, have, side);
}

void highest_shorts(std::int16_t* values, std::ptrdiff_t count, int width, int have, int side) {
  grow_squares(Higher(), values, count, width, have, side);
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(blur);
HWY_EXPORT(count_crossings);
HWY_EXPORT(highest_bytes);
HWY_EXPORT(lowest_bytes);
HWY_EXPORT(highest_shorts);

}  // namespace

void BlockWindow::set(int new_left, int new_top, int new_width, int new_height) {
  left = new_left;
  top = new_top;
  width = new_width;
  height = new_height;
  values.resize(size() + kRoom);
}

void blur_window(const BlockWindow& in, BlockWindow& out, std::vector<std::int16_t>& between) {
  out.set(in.left + 4, in.top + 4, in.width - 4, in.height - 4);
  between.resize(static_cast<std::size_t>(in.width * out.height + BlockWindow::kRoom));
  HWY_DYNAMIC_DISPATCH(blur)(in.values.data(), in.width, in.height, between.data(), out.values.data());
}

void highest_of_squares(std::span<std::uint8_t> values, int width, int have, int side) {
  HWY_DYNAMIC_DISPATCH(highest_bytes)(values.data(), static_cast<std::ptrdiff_t>(values.size()), width, have, side);
}

void highest_of_squares(std::span<std::int16_t> values, int width, int have, int side) {
  HWY_DYNAMIC_DISPATCH(highest_shorts)(values.data(), static_cast<std::ptrdiff_t>(values.size()), width, have, side);
}

void lowest_of_squares(std::span<std::uint8_t> values, int width, int have, int side) {
  HWY_DYNAMIC_DISPATCH(lowest_bytes)(values.data(), static_cast<std::ptrdiff_t>(values.size()), width, have, side);
}

int half_width_of(std::span<const std::uint8_t> mask, int width, int most, std::vector<std::uint8_t>& scratch) {
  scratch.assign(mask.begin(), mask.end());
  // What is inside loses one block on every side until nothing is left.
  int deepest = 0;
  while (deepest < most && std::memchr(scratch.data(), 1, scratch.size()) != nullptr) {
    ++deepest;
    lowest_of_squares(scratch, width, 1, 3);
  }
  return deepest;
}

double mean_width_of(std::span<const std::uint8_t> mask, int width) {
  const auto count = static_cast<std::ptrdiff_t>(mask.size()) - width - 1;
  const Crossings found = HWY_DYNAMIC_DISPATCH(count_crossings)(mask.data(), count, width);
  constexpr double kPi = 3.14159265358979, kRootOfHalf = 0.70710678118655;
  // Lines aslant lie closer together.
  const double perimeter = kPi / 8 * (found.straight + kRootOfHalf * found.aslant);
  return (perimeter - std::sqrt(std::max(0.0, perimeter * perimeter - 4 * kPi * found.area))) / kPi;
}

}  // namespace capillaryx
#endif
