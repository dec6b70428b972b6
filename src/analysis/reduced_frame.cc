// SPDX-License-Identifier: Apache-2.0
#include "analysis/reduced_frame.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/reduced_frame.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

// One channel of `width` sums from x on.
HWY_INLINE void reduce_rest(const std::uint8_t* above, const std::uint8_t* below, int channels, int x, int width,
                            std::int16_t* out) {
  for (; x < width; ++x) {
    const std::ptrdiff_t i = std::ptrdiff_t{2} * x * channels;
    out[x] = static_cast<std::int16_t>(above[i] + above[i + channels] + below[i] + below[i + channels]);
  }
}

#if HWY_TARGET == HWY_SCALAR

void reduce_row_grey(const std::uint8_t* above, const std::uint8_t* below, int width, std::int16_t* out) {
  reduce_rest(above, below, 1, 0, width, out);
}

void reduce_row_rgb(const std::uint8_t* above, const std::uint8_t* below, int width, std::int16_t* red,
                    std::int16_t* green, std::int16_t* blue) {
  reduce_rest(above, below, 3, 0, width, red);
  reduce_rest(above + 1, below + 1, 3, 0, width, green);
  reduce_rest(above + 2, below + 2, 3, 0, width, blue);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<std::uint8_t> kBytes;
constexpr hn::RepartitionToWide<decltype(kBytes)> kWords;
using Bytes = hn::VFromD<decltype(kBytes)>;
using Words = hn::VFromD<decltype(kWords)>;

HWY_INLINE Words add_neighbours(Bytes bytes) {
  const Words words = hn::BitCast(kWords, bytes);
  return hn::Add(hn::And(words, hn::Set(kWords, 0xFF)), hn::ShiftRight<8>(words));
}

HWY_INLINE void store_sums(Bytes above, Bytes below, std::int16_t* out) {
  const hn::RebindToSigned<decltype(kWords)> shorts;
  hn::StoreU(hn::BitCast(shorts, hn::Add(add_neighbours(above), add_neighbours(below))), shorts, out);
}

void reduce_row_grey(const std::uint8_t* above, const std::uint8_t* below, int width, std::int16_t* out) {
  const int lanes = static_cast<int>(hn::Lanes(kWords));
  int x = 0;
  for (; x + lanes <= width; x += lanes) {
    store_sums(hn::LoadU(kBytes, above + 2 * x), hn::LoadU(kBytes, below + 2 * x), out + x);
  }
  reduce_rest(above, below, 1, x, width, out);
}

void reduce_row_rgb(const std::uint8_t* above, const std::uint8_t* below, int width, std::int16_t* red,
                    std::int16_t* green, std::int16_t* blue) {
  const int lanes = static_cast<int>(hn::Lanes(kWords));
  int x = 0;
  for (; x + lanes <= width; x += lanes) {
    Bytes a0, a1, a2, b0, b1, b2;
    hn::LoadInterleaved3(kBytes, above + 6 * x, a0, a1, a2);
    hn::LoadInterleaved3(kBytes, below + 6 * x, b0, b1, b2);
    store_sums(a0, b0, red + x);
    store_sums(a1, b1, green + x);
    store_sums(a2, b2, blue + x);
  }
  reduce_rest(above, below, 3, x, width, red);
  reduce_rest(above + 1, below + 1, 3, x, width, green);
  reduce_rest(above + 2, below + 2, 3, x, width, blue);
}

#endif

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(reduce_row_grey);
HWY_EXPORT(reduce_row_rgb);

}  // namespace

void reduce_frame(const PixelView& frame, ReducedFrame& reduced) {
  reduced.frame_width = frame.width;
  reduced.frame_height = frame.height;
  reduced.width = frame.width / 2;
  reduced.height = frame.height / 2;
  reduced.channels = frame.channels;
  const std::size_t pixels = static_cast<std::size_t>(reduced.width) * static_cast<std::size_t>(reduced.height);
  for (int c = 0; c < frame.channels; ++c) reduced.planes[static_cast<std::size_t>(c)].resize(pixels);
  for (int y = 0; y < reduced.height; ++y) {
    const std::uint8_t* above = frame.row(2 * y);
    const std::uint8_t* below = frame.row(2 * y + 1);
    const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(y) * reduced.width;
    if (frame.channels == 1) {
      HWY_DYNAMIC_DISPATCH(reduce_row_grey)(above, below, reduced.width, reduced.planes[0].data() + start);
    } else {
      HWY_DYNAMIC_DISPATCH(reduce_row_rgb)
      (above, below, reduced.width, reduced.planes[0].data() + start, reduced.planes[1].data() + start,
       reduced.planes[2].data() + start);
    }
  }
  // Planes that differ nowhere are one grey picture. A frame in colour differs within its first values.
  if (reduced.channels == 3 &&
      std::equal(reduced.planes[0].begin(), reduced.planes[0].end(), reduced.planes[1].begin()) &&
      std::equal(reduced.planes[1].begin(), reduced.planes[1].end(), reduced.planes[2].begin())) {
    reduced.channels = 1;
  }
}

}  // namespace capillaryx
#endif
