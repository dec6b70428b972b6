// SPDX-License-Identifier: Apache-2.0
#include "analysis/block_window.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/block_window.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// out[i] is the blur of in[i], in[i + step], ... in[i + 4 step]. Writes whole vectors. Values are below 2^14 and a blur
// makes them at most 1.25 times as large: the sums have room in 32 bits only.
void blur_line(const std::int16_t* in, std::ptrdiff_t step, int count, std::int16_t* out) {
  const hn::ScalableTag<std::int32_t> wide;
  const hn::Rebind<std::int16_t, decltype(wide)> narrow;
  const int lanes = static_cast<int>(hn::Lanes(wide));
  for (int i = 0; i < count; i += lanes) {
    const auto value = [&](int k) HWY_ATTR { return hn::PromoteTo(wide, hn::LoadU(narrow, in + i + k * step)); };
    const auto far = hn::Add(value(0), value(4)), near = hn::Add(value(1), value(3)), middle = value(2);
    // 10 c + 4 b - a = 8 c + 2 c + 4 b - a
    const auto ten = hn::Add(hn::ShiftLeft<3>(middle), hn::Add(middle, middle));
    const auto sum = hn::Sub(hn::Add(ten, hn::ShiftLeft<2>(near)), far);
    hn::StoreU(hn::DemoteTo(narrow, hn::ShiftRight<4>(hn::Add(sum, hn::Set(wide, 8)))), narrow, out + i);
  }
}

// Of values[i] and values[i + ahead] the higher one, in place.
template <class Value>
HWY_INLINE void raise(Value* values, std::ptrdiff_t ahead, std::ptrdiff_t count) {
  const hn::ScalableTag<Value> many;
  const auto lanes = static_cast<std::ptrdiff_t>(hn::Lanes(many));
  std::ptrdiff_t i = 0;
  for (; i + lanes <= count - ahead; i += lanes) {
    hn::StoreU(hn::Max(hn::LoadU(many, values + i), hn::LoadU(many, values + i + ahead)), many, values + i);
  }
  for (; i < count - ahead; ++i) values[i] = std::max(values[i], values[i + ahead]);
}

// Squares of twice the side, and twice that, and what is left.
template <class Value>
HWY_INLINE void grow_squares(Value* values, std::ptrdiff_t count, int width, int have, int side) {
  while (have < side) {
    const int more = std::min(have, side - have);
    raise(values, more, count);
    raise(values, static_cast<std::ptrdiff_t>(more) * width, count);
    have += more;
  }
}

void grow_byte_squares(std::uint8_t* values, std::ptrdiff_t count, int width, int have, int side) {
  grow_squares(values, count, width, have, side);
}

void grow_short_squares(std::int16_t* values, std::ptrdiff_t count, int width, int have, int side) {
  grow_squares(values, count, width, have, side);
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(blur_line);
HWY_EXPORT(grow_byte_squares);
HWY_EXPORT(grow_short_squares);

}  // namespace

void BlockWindow::set(int new_left, int new_top, int new_width, int new_height) {
  left = new_left;
  top = new_top;
  width = new_width;
  height = new_height;
  values.resize(size() + kRoom);
}

void blur_window(const BlockWindow& in, BlockWindow& out, std::vector<std::int16_t>& line) {
  out.set(in.left + 4, in.top + 4, in.width - 4, in.height - 4);
  line.resize(static_cast<std::size_t>(in.width + BlockWindow::kRoom));
  for (int y = 0; y < out.height; ++y) {
    HWY_DYNAMIC_DISPATCH(blur_line)(in.values.data() + in.at(0, y), in.width, in.width, line.data());
    // What is written beyond a row, the next one puts right.
    HWY_DYNAMIC_DISPATCH(blur_line)(line.data(), 1, out.width, out.values.data() + out.at(0, y));
  }
}

void highest_of_squares(std::span<std::uint8_t> values, int width, int have, int side) {
  HWY_DYNAMIC_DISPATCH(grow_byte_squares)(values.data(), static_cast<std::ptrdiff_t>(values.size()), width, have, side);
}

void highest_of_squares(std::span<std::int16_t> values, int width, int have, int side) {
  HWY_DYNAMIC_DISPATCH(grow_short_squares)
  (values.data(), static_cast<std::ptrdiff_t>(values.size()), width, have, side);
}

}  // namespace capillaryx
#endif
