// SPDX-License-Identifier: Apache-2.0
#include "image/png_filter.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/png_filter.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// One pixel in a register: the channels of a row depend on each other only through the pixel to the left, so that a
// pixel at a time is as wide as these filters go. Lanes beyond the pixel are ignored.
constexpr hn::CappedTag<std::uint8_t, 4> kBytes;
constexpr hn::Rebind<std::int16_t, decltype(kBytes)> kWords;
using Bytes = hn::VFromD<decltype(kBytes)>;
using Words = hn::VFromD<decltype(kWords)>;

template <int kMoved>
HWY_INLINE Bytes load(const std::uint8_t* from) {
  if constexpr (kMoved == 4) return hn::LoadU(kBytes, from);
  alignas(16) std::uint8_t bytes[16] = {};
  std::memcpy(bytes, from, kMoved);
  return hn::Load(kBytes, bytes);
}

template <int kMoved>
HWY_INLINE void store(Bytes pixel, std::uint8_t* to) {
  if constexpr (kMoved == 4) {
    hn::StoreU(pixel, kBytes, to);
  } else {
    alignas(16) std::uint8_t bytes[16];
    hn::Store(pixel, kBytes, bytes);
    std::memcpy(to, bytes, kMoved);
  }
}

// start() instead of initialisers of members: a compiler makes those for the machine's least instruction set.
struct Sub {
  Bytes left;
  static HWY_INLINE Sub start() { return {hn::Zero(kBytes)}; }
  template <int kMoved>
  HWY_INLINE void step(const std::uint8_t* filtered, const std::uint8_t*, std::uint8_t* row) {
    left = hn::Add(left, load<kMoved>(filtered));
    store<kMoved>(left, row);
  }
};

struct Average {
  Bytes left;
  static HWY_INLINE Average start() { return {hn::Zero(kBytes)}; }
  template <int kMoved>
  HWY_INLINE void step(const std::uint8_t* filtered, const std::uint8_t* above, std::uint8_t* row) {
    const Bytes up = load<kMoved>(above);
    // Highway's average rounds up, this filter down.
    const Bytes odd = hn::And(hn::Xor(left, up), hn::Set(kBytes, 1));
    const Bytes mean = hn::Sub(hn::AverageRound(left, up), odd);
    left = hn::Add(mean, load<kMoved>(filtered));
    store<kMoved>(left, row);
  }
};

struct Paeth {
  Bytes left;
  Words up_left;
  static HWY_INLINE Paeth start() { return {hn::Zero(kBytes), hn::Zero(kWords)}; }
  template <int kMoved>
  HWY_INLINE void step(const std::uint8_t* filtered, const std::uint8_t* above, std::uint8_t* row) {
    const Words up = hn::PromoteTo(kWords, load<kMoved>(above));
    const Words to_the_left = hn::PromoteTo(kWords, left);
    const Words a = hn::Sub(up, up_left);  // how far the estimate left + up - up_left is from each neighbour
    const Words b = hn::Sub(to_the_left, up_left);
    const Words d_left = hn::Abs(a);
    const Words d_up = hn::Abs(b);
    const Words d_up_left = hn::Abs(hn::Add(a, b));
    const Words up_or_corner = hn::IfThenElse(hn::Gt(d_up, d_up_left), up_left, up);
    const Words nearest = hn::IfThenElse(hn::Gt(d_left, hn::Min(d_up, d_up_left)), up_or_corner, to_the_left);
    left = hn::Add(hn::DemoteTo(kBytes, nearest), load<kMoved>(filtered));
    store<kMoved>(left, row);
    up_left = up;
  }
};

// Three bytes move as four, of which the fourth is put right by the next pixel: a move of three is two moves, and
// waiting for both costs more than the filter. The last pixel is moved exactly.
template <int kPixelBytes, class Filter>
HWY_INLINE void each_pixel(Filter filter, const std::uint8_t* filtered, const std::uint8_t* above, std::uint8_t* row,
                           std::size_t size) {
  constexpr int kMoved = kPixelBytes == 3 ? 4 : kPixelBytes;
  std::size_t i = 0;
  for (; i + kMoved <= size; i += kPixelBytes) filter.template step<kMoved>(filtered + i, above + i, row + i);
  for (; i < size; i += kPixelBytes) filter.template step<kPixelBytes>(filtered + i, above + i, row + i);
}

template <class Filter>
HWY_INLINE void each_pixel(const std::uint8_t* filtered, const std::uint8_t* above, std::uint8_t* row, std::size_t size,
                           int pixel_bytes) {
  switch (pixel_bytes) {
    case 1:
      return each_pixel<1>(Filter::start(), filtered, above, row, size);
    case 2:
      return each_pixel<2>(Filter::start(), filtered, above, row, size);
    case 3:
      return each_pixel<3>(Filter::start(), filtered, above, row, size);
    default:
      return each_pixel<4>(Filter::start(), filtered, above, row, size);
  }
}

// Sub reads nothing above; a pointer that may be moved along stands for it.
#if HWY_TARGET == HWY_SCALAR
void sub(const std::uint8_t* filtered, std::uint8_t* row, std::size_t size, int pixel) {
  each_pixel<Sub>(filtered, filtered, row, size, pixel);
}
#else
// Sums of pixels of three bytes run through five pixels in a register: each adds the one before, then the two before,
// then the four before, and the last pixel of the five before to all.
void sub(const std::uint8_t* filtered, std::uint8_t* row, std::size_t size, int pixel) {
  if (pixel != 3) return each_pixel<Sub>(filtered, filtered, row, size, pixel);
  constexpr hn::Full128<std::uint8_t> kBlock;
  constexpr std::size_t kBlockBytes = 15;
  alignas(16) static constexpr std::uint8_t kLastPixel[16] = {12, 13, 14, 12, 13, 14, 12, 13,
                                                              14, 12, 13, 14, 12, 13, 14, 12};
  const auto last_pixel = hn::Load(kBlock, kLastPixel);
  auto carry = hn::Zero(kBlock);
  std::size_t i = 0;
  for (; i + 16 <= size; i += kBlockBytes) {  // the sixteenth byte is put right by what follows
    auto sums = hn::LoadU(kBlock, filtered + i);
    sums = hn::Add(sums, hn::ShiftLeftBytes<3>(kBlock, sums));
    sums = hn::Add(sums, hn::ShiftLeftBytes<6>(kBlock, sums));
    sums = hn::Add(sums, hn::ShiftLeftBytes<12>(kBlock, sums));
    sums = hn::Add(sums, carry);
    hn::StoreU(sums, kBlock, row + i);
    carry = hn::TableLookupBytes(sums, last_pixel);
  }
  for (; i < size; ++i) row[i] = static_cast<std::uint8_t>(filtered[i] + (i >= 3 ? row[i - 3] : 0));
}
#endif
void up(const std::uint8_t* filtered, const std::uint8_t* above, std::uint8_t* row, std::size_t size) {
  const hn::ScalableTag<std::uint8_t> many;
  const std::size_t lanes = hn::Lanes(many);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    hn::StoreU(hn::Add(hn::LoadU(many, filtered + i), hn::LoadU(many, above + i)), many, row + i);
  }
  for (; i < size; ++i) row[i] = static_cast<std::uint8_t>(filtered[i] + above[i]);
}
void average(const std::uint8_t* filtered, const std::uint8_t* above, std::uint8_t* row, std::size_t size, int pixel) {
  each_pixel<Average>(filtered, above, row, size, pixel);
}
void paeth(const std::uint8_t* filtered, const std::uint8_t* above, std::uint8_t* row, std::size_t size, int pixel) {
  each_pixel<Paeth>(filtered, above, row, size, pixel);
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(sub);
HWY_EXPORT(up);
HWY_EXPORT(average);
HWY_EXPORT(paeth);

void average_of_first_row(const std::uint8_t* filtered, std::uint8_t* row, std::size_t size, std::size_t pixel_bytes) {
  for (std::size_t i = 0; i < size; ++i) {
    row[i] = static_cast<std::uint8_t>(filtered[i] + (i >= pixel_bytes ? row[i - pixel_bytes] / 2 : 0));
  }
}

}  // namespace

bool unfilter_png_row(int type, const std::uint8_t* filtered, const std::uint8_t* above, std::uint8_t* row,
                      std::size_t size, int pixel_bytes) {
  enum { kNone, kSub, kUp, kAverage, kPaeth };
  if (above == nullptr) {  // zeros
    if (type == kUp) type = kNone;
    if (type == kPaeth) type = kSub;
  }
  switch (type) {
    case kNone:
      std::memmove(row, filtered, size);
      return true;
    case kSub:
      HWY_DYNAMIC_DISPATCH(sub)(filtered, row, size, pixel_bytes);
      return true;
    case kUp:
      HWY_DYNAMIC_DISPATCH(up)(filtered, above, row, size);
      return true;
    case kAverage:
      if (above == nullptr) {
        average_of_first_row(filtered, row, size, static_cast<std::size_t>(pixel_bytes));
      } else {
        HWY_DYNAMIC_DISPATCH(average)(filtered, above, row, size, pixel_bytes);
      }
      return true;
    case kPaeth:
      HWY_DYNAMIC_DISPATCH(paeth)(filtered, above, row, size, pixel_bytes);
      return true;
    default:
      return false;
  }
}

}  // namespace capillaryx
#endif
