// SPDX-License-Identifier: Apache-2.0
#include "quality/cells.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "quality/cells.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

// Cells from x on. `upper` and `lower` point to the channel.
HWY_INLINE void fill_rest(const std::uint8_t* upper, const std::uint8_t* lower, int channels, int x, int width,
                          std::uint16_t* level, std::uint8_t* darkest, std::uint8_t* brightest) {
  for (; x < width; ++x) {
    const std::ptrdiff_t first = std::ptrdiff_t{4} * x * channels;
    int sum = 0;
    int low = 255;
    int high = 0;
    for (int i = 0; i < 4; ++i) {
      for (const std::uint8_t* row : {upper, lower}) {
        const int value = row[first + i * channels];
        sum += value;
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
    level[x] = static_cast<std::uint16_t>(8 * sum);
    darkest[x] = static_cast<std::uint8_t>(low);
    brightest[x] = static_cast<std::uint8_t>(high);
  }
}

#if HWY_TARGET == HWY_SCALAR

void fill_row(const std::uint8_t* upper, const std::uint8_t* lower, int channels, int width, std::uint16_t* level,
              std::uint8_t* darkest, std::uint8_t* brightest) {
  const int channel = channels == 3 ? 1 : 0;
  fill_rest(upper + channel, lower + channel, channels, 0, width, level, darkest, brightest);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<std::uint8_t> kBytes;
constexpr hn::RepartitionToWide<decltype(kBytes)> kWords;
constexpr hn::RepartitionToWide<decltype(kWords)> kCells;
using Bytes = hn::VFromD<decltype(kBytes)>;

void fill_row(const std::uint8_t* upper, const std::uint8_t* lower, int channels, int width, std::uint16_t* level,
              std::uint8_t* darkest, std::uint8_t* brightest) {
  const int lanes = static_cast<int>(hn::Lanes(kCells));
  const auto low_byte = hn::Set(kWords, 0xFF);
  const auto low_word = hn::Set(kCells, 0xFFFF);
  const auto split = [&](Bytes bytes, auto& even, auto& odd) {
    const auto words = hn::BitCast(kWords, bytes);
    even = hn::And(words, low_byte);
    odd = hn::ShiftRight<8>(words);
  };
  int x = 0;
  for (; x + lanes <= width; x += lanes) {
    Bytes a, b, other, another;
    if (channels == 3) {
      hn::LoadInterleaved3(kBytes, upper + 12 * x, other, a, another);
      hn::LoadInterleaved3(kBytes, lower + 12 * x, other, b, another);
    } else {
      a = hn::LoadU(kBytes, upper + 4 * x);
      b = hn::LoadU(kBytes, lower + 4 * x);
    }
    auto ae = hn::Zero(kWords), ao = ae, be = ae, bo = ae;
    split(a, ae, ao);
    split(b, be, bo);
    const auto sum2 = hn::BitCast(kCells, hn::Add(hn::Add(ae, ao), hn::Add(be, bo)));
    const auto sum = hn::Add(hn::And(sum2, low_word), hn::ShiftRight<16>(sum2));
    split(hn::Min(a, b), ae, ao);
    const auto min2 = hn::BitCast(kCells, hn::Min(ae, ao));
    const auto low = hn::Min(hn::And(min2, low_word), hn::ShiftRight<16>(min2));
    split(hn::Max(a, b), ae, ao);
    const auto max2 = hn::BitCast(kCells, hn::Max(ae, ao));
    const auto high = hn::Max(hn::And(max2, low_word), hn::ShiftRight<16>(max2));
    const hn::Rebind<std::uint16_t, decltype(kCells)> levels;
    const hn::Rebind<std::uint8_t, decltype(kCells)> ends;
    const hn::RebindToSigned<decltype(kCells)> whole;
    hn::StoreU(hn::DemoteTo(levels, hn::BitCast(whole, hn::ShiftLeft<3>(sum))), levels, level + x);
    hn::StoreU(hn::DemoteTo(ends, hn::BitCast(whole, low)), ends, darkest + x);
    hn::StoreU(hn::DemoteTo(ends, hn::BitCast(whole, high)), ends, brightest + x);
  }
  const int channel = channels == 3 ? 1 : 0;
  fill_rest(upper + channel, lower + channel, channels, x, width, level, darkest, brightest);
}

#endif

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(fill_row);

}  // namespace

void fill_cells(const PixelView& frame, Cells& cells) {
  cells.width = frame.width / Cells::kSide;
  cells.height = frame.height / Cells::kSide;
  cells.level.resize(cells.count());
  cells.darkest.resize(cells.count());
  cells.brightest.resize(cells.count());
  for (int y = 0; y < cells.height; ++y) {
    const std::size_t start = static_cast<std::size_t>(y) * static_cast<std::size_t>(cells.width);
    HWY_DYNAMIC_DISPATCH(fill_row)
    (frame.row(4 * y), frame.row(4 * y + 2), frame.channels, cells.width, cells.level.data() + start,
     cells.darkest.data() + start, cells.brightest.data() + start);
  }
}

}  // namespace capillaryx
#endif
