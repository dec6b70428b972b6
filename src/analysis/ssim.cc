// SPDX-License-Identifier: Apache-2.0
#include "analysis/ssim.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "analysis/gaussian.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/ssim.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// The constants stand in front of what is compiled once for every instruction set.
#ifndef CAPILLARYX_SSIM_CONSTANTS
#define CAPILLARYX_SSIM_CONSTANTS
namespace capillaryx {
namespace {

// d comes in 1/4 grey values and is cut off at 45 grey values: the sum of two squares is at most 64800. What is cut off
// is many times over any threshold already.
constexpr int kLargest = 180;
constexpr int kWeightBits = 12;
constexpr float kC1 = 6.5025F;   // (0.01 * 255)^2
constexpr float kC2 = 58.5225F;  // (0.03 * 255)^2
// Structure that rounding to 8 bits alone makes, grey values squared: 1/12 of a pixel, a quarter of it in 2x2 means.
constexpr float kRoundingVariance = 1.0F / 48;
constexpr int kOneMap = SsimMap::kOne;
constexpr float kOneBackground = Background::kOne;
// Sums of two squares fill 16 bits without a sign: they are summed less 2^15, which half the sum of all weights brings
// back.
constexpr std::int32_t kSquareShift = 1 << (15 + kWeightBits - 1);

}  // namespace
}  // namespace capillaryx
#endif

HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

// What the vectors below do, value by value: for machines without vectors, and what tests hold the vectors to.
template <class Value>
void add_taps(const std::int32_t* weights, int pairs, std::int32_t& sum, std::int32_t& sum_sq, Value&& value) {
  for (int k = 0; k < 2 * pairs; ++k) {
    const std::int32_t weight = k % 2 == 0 ? weights[k / 2] & 0xFFFF : weights[k / 2] >> 16;
    const auto [linear, square] = value(k);
    sum += linear * weight;
    sum_sq += (square - 32768) * weight;
  }
}

void sum_columns(const std::int16_t* const* above, const std::int16_t* const* below, const std::int32_t* weights,
                 int pairs, int width, std::int16_t* mean, std::int16_t* mean_sq) {
  for (int x = 0; x < width; ++x) {
    std::int32_t sum = 0, sum_sq = kSquareShift;
    add_taps(weights, pairs, sum, sum_sq, [&](int k) {
      const int a = above[k][x], b = below[k][x];
      return std::pair(a + b, a * a + b * b);
    });
    mean[x] = static_cast<std::int16_t>((sum + 32) >> 6);
    mean_sq[x] = static_cast<std::int16_t>((sum_sq + 2048) >> kWeightBits);
  }
}

void sum_rows(const std::int16_t* mean, const std::int16_t* mean_sq, const std::int32_t* weights, int pairs,
              const std::int16_t* behind, int width, std::int16_t* out) {
  for (int x = 0; x < width; ++x) {
    std::int32_t sum = 0, sum_sq = kSquareShift;
    add_taps(weights, pairs, sum, sum_sq,
             [&](int k) { return std::pair(mean[x - k] + mean[x + k], mean_sq[x - k] + mean_sq[x + k]); });
    const std::int32_t m = (sum + 2048) >> kWeightBits;         // 1/256 grey values
    const std::int32_t variance = std::max(0, sum_sq - m * m);  // 1/65536 grey values squared
    const float mb = static_cast<float>(behind[x]) * (1 / kOneBackground);
    const float mx = mb - static_cast<float>(m) * (1.0F / 256);
    const float over = (2 * mx * mb + kC1) * kC2;
    const float under = (mx * mx + mb * mb + kC1) * (static_cast<float>(variance) * (1.0F / 65536) + kC2);
    out[x] = static_cast<std::int16_t>(std::max(0.0F, over / under * kOneMap));
  }
}

#else

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::ScalableTag<std::int16_t> kShort;
constexpr hn::RepartitionToWide<decltype(kShort)> kLong;
constexpr hn::Rebind<float, decltype(kLong)> kFloat;
using Short = hn::VFromD<decltype(kShort)>;
using Long = hn::VFromD<decltype(kLong)>;
using Float = hn::VFromD<decltype(kFloat)>;

// Weighted sums of values, of one lane of 16 bits in one of 32. Two taps at once: interleaving puts a lane's two values
// side by side, a multiplication of pairs adds them up. `low` and `high` keep the order of the interleaving; what is
// narrowed again by ReorderDemote2To is back in order.
struct Sums {
  Long low, high;
  static HWY_INLINE Sums zero() { return {hn::Zero(kLong), hn::Zero(kLong)}; }
  HWY_INLINE void add(Short first, Short second, Short weights) {
    low = add_pairs(hn::InterleaveLower(kShort, first, second), weights, low);
    high = add_pairs(hn::InterleaveUpper(kShort, first, second), weights, high);
  }
  static HWY_INLINE Long add_pairs(Short values, Short weights, Long sum) {
    Long rest = hn::Zero(kLong);
    sum = hn::ReorderWidenMulAccumulate(kLong, values, weights, sum, rest);
    return hn::RearrangeToOddPlusEven(sum, rest);
  }
};

HWY_INLINE Short less_top_bit(Short unsigned_value) {
  return hn::Xor(unsigned_value, hn::Set(kShort, static_cast<std::int16_t>(-32768)));
}

// Down the columns: `rows` are 2 * pairs rows above (from the middle outwards) and as many below; weight pairs stand in
// one lane of 32 bits each. Means come in 1/256 grey values, mean squares in 1/16 grey values squared.
void sum_columns(const std::int16_t* const* above, const std::int16_t* const* below, const std::int32_t* weights,
                 int pairs, int width, std::int16_t* mean, std::int16_t* mean_sq) {
  const int lanes = static_cast<int>(hn::Lanes(kShort));
  for (int x = 0; x < width; x += lanes) {
    Sums sum = Sums::zero(), sum_sq = Sums::zero();
    for (int p = 0; p < pairs; ++p) {
      const Short weight = hn::BitCast(kShort, hn::Set(kLong, weights[p]));
      const Short a = hn::LoadU(kShort, above[2 * p] + x), b = hn::LoadU(kShort, below[2 * p] + x);
      const Short c = hn::LoadU(kShort, above[2 * p + 1] + x), d = hn::LoadU(kShort, below[2 * p + 1] + x);
      sum.add(hn::Add(a, b), hn::Add(c, d), weight);
      sum_sq.add(less_top_bit(hn::Add(hn::Mul(a, a), hn::Mul(b, b))),
                 less_top_bit(hn::Add(hn::Mul(c, c), hn::Mul(d, d))), weight);
    }
    const Long half = hn::Set(kLong, 32), half_sq = hn::Set(kLong, kSquareShift + 2048);
    hn::StoreU(hn::ReorderDemote2To(kShort, hn::ShiftRight<6>(hn::Add(sum.low, half)),
                                    hn::ShiftRight<6>(hn::Add(sum.high, half))),
               kShort, mean + x);
    hn::StoreU(hn::ReorderDemote2To(kShort, hn::ShiftRight<kWeightBits>(hn::Add(sum_sq.low, half_sq)),
                                    hn::ShiftRight<kWeightBits>(hn::Add(sum_sq.high, half_sq))),
               kShort, mean_sq + x);
  }
}

HWY_INLINE Long similarity(Long sum, Long sum_sq, Long behind) {
  const Long mean = hn::ShiftRight<kWeightBits>(hn::Add(sum, hn::Set(kLong, 2048)));  // 1/256 grey values
  const Long variance =                                                               // 1/65536 grey values squared
      hn::Max(hn::Zero(kLong), hn::Sub(hn::Add(sum_sq, hn::Set(kLong, kSquareShift)), hn::Mul(mean, mean)));
  const auto number = [](float value) { return hn::Set(kFloat, value); };
  const Float mb = hn::Mul(hn::ConvertTo(kFloat, behind), number(1 / kOneBackground));
  const Float mx = hn::Sub(mb, hn::Mul(hn::ConvertTo(kFloat, mean), number(1.0F / 256)));
  const Float above = hn::Mul(hn::Add(hn::Mul(hn::Mul(number(2), mx), mb), number(kC1)), number(kC2));
  const Float below = hn::Mul(hn::Add(hn::Add(hn::Mul(mx, mx), hn::Mul(mb, mb)), number(kC1)),
                              hn::Add(hn::Mul(hn::ConvertTo(kFloat, variance), number(1.0F / 65536)), number(kC2)));
  return hn::ConvertTo(kLong, hn::Max(number(0), hn::Mul(hn::Div(above, below), number(kOneMap))));
}

// Across: `mean` and `mean_sq` go on for 2 * pairs - 1 values on either side.
void sum_rows(const std::int16_t* mean, const std::int16_t* mean_sq, const std::int32_t* weights, int pairs,
              const std::int16_t* behind, int width, std::int16_t* out) {
  const int lanes = static_cast<int>(hn::Lanes(kShort));
  std::int16_t rest_behind[hn::MaxLanes(kShort)] = {}, rest_out[hn::MaxLanes(kShort)];
  for (int x = 0; x < width; x += lanes) {
    Sums sum = Sums::zero(), sum_sq = Sums::zero();
    for (int p = 0; p < pairs; ++p) {
      const Short weight = hn::BitCast(kShort, hn::Set(kLong, weights[p]));
      const auto two = [&](const std::int16_t* from, int k) {
        return hn::Add(hn::LoadU(kShort, from + x - k), hn::LoadU(kShort, from + x + k));
      };
      sum.add(two(mean, 2 * p), two(mean, 2 * p + 1), weight);
      sum_sq.add(less_top_bit(two(mean_sq, 2 * p)), less_top_bit(two(mean_sq, 2 * p + 1)), weight);
    }
    const bool whole = x + lanes <= width;
    if (!whole) std::copy(behind + x, behind + width, rest_behind);
    const Short b = hn::LoadU(kShort, whole ? behind + x : rest_behind);
    const Short zero = hn::Zero(kShort);
    const Long low = similarity(sum.low, sum_sq.low, hn::BitCast(kLong, hn::InterleaveLower(kShort, b, zero)));
    const Long high = similarity(sum.high, sum_sq.high, hn::BitCast(kLong, hn::InterleaveUpper(kShort, b, zero)));
    hn::StoreU(hn::ReorderDemote2To(kShort, low, high), kShort, whole ? out + x : rest_out);
    if (!whole) std::copy(rest_out, rest_out + (width - x), out + x);
  }
}

#endif

void cut_off(const std::int16_t* difference, int width, std::int16_t* out) {
  for (int x = 0; x < width; ++x) {
    out[x] = std::min<std::int16_t>(std::max<std::int16_t>(difference[x], -kLargest), kLargest);
  }
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(sum_columns);
HWY_EXPORT(sum_rows);
HWY_EXPORT(cut_off);

constexpr int kMostLanes = 64;  // of 16 bits, on any machine

}  // namespace

void SsimMap::measure(const Darkness& darkness, double sigma_px) {
  width_ = darkness.width;
  height_ = darkness.height;
  set_weights(sigma_px);
  const int padded = (width_ + kMostLanes - 1) / kMostLanes * kMostLanes;
  const std::size_t reach = 2 * weights_.size();
  map_.resize(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
  cut_.resize(static_cast<std::size_t>(padded) * static_cast<std::size_t>(height_));
  mean_.resize(static_cast<std::size_t>(padded) + 2 * reach);
  mean_sq_.resize(mean_.size());
  above_.resize(reach);
  below_.resize(reach);
  for (int y = 0; y < height_; ++y) {
    const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(y) * width_;
    HWY_DYNAMIC_DISPATCH(cut_off)
    (darkness.difference.data() + start, width_, cut_.data() + static_cast<std::ptrdiff_t>(y) * padded);
  }
  histogram_.assign(kOne + 1, 0);
  for (int y = 0; y < height_; ++y) {
    measure_row(darkness, y, padded);
    for (int x = 0; x < width_; ++x) ++histogram_[static_cast<std::size_t>(row(y)[x])];
  }
}

void SsimMap::set_weights(double sigma_px) {
  if (sigma_px == sigma_px_) return;
  sigma_px_ = sigma_px;
  std::vector<int> weights = gaussian_weights(sigma_px / 2, 1 << kWeightBits);
  weights[0] /= 2;  // the middle counts as two halves
  if (weights.size() % 2 != 0) weights.push_back(0);
  weights_.clear();
  for (std::size_t k = 0; k < weights.size(); k += 2) {  // the first in the lower half, as a load of two shorts has it
    weights_.push_back(static_cast<std::int32_t>(static_cast<std::uint32_t>(weights[k]) |
                                                 static_cast<std::uint32_t>(weights[k + 1]) << 16U));
  }
}

void SsimMap::measure_row(const Darkness& darkness, int y, int padded) {
  const int pairs = static_cast<int>(weights_.size()), reach = 2 * pairs;
  const auto line = [&](int row) {
    return cut_.data() + static_cast<std::ptrdiff_t>(std::clamp(row, 0, height_ - 1)) * padded;
  };
  for (int k = 0; k < reach; ++k) {
    above_[static_cast<std::size_t>(k)] = line(y - k);
    below_[static_cast<std::size_t>(k)] = line(y + k);
  }
  std::int16_t* const mean = mean_.data() + reach;
  std::int16_t* const mean_sq = mean_sq_.data() + reach;
  HWY_DYNAMIC_DISPATCH(sum_columns)
  (above_.data(), below_.data(), weights_.data(), pairs, width_, mean, mean_sq);
  for (int k = 1; k <= reach; ++k) {
    mean[-k] = mean[0];
    mean_sq[-k] = mean_sq[0];
    mean[width_ - 1 + k] = mean[width_ - 1];
    mean_sq[width_ - 1 + k] = mean_sq[width_ - 1];
  }
  const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(y) * width_;
  HWY_DYNAMIC_DISPATCH(sum_rows)
  (mean, mean_sq, weights_.data(), pairs, darkness.behind.data() + start, width_, map_.data() + start);
}

int SsimMap::structure_threshold(double times) const {
  std::size_t below = 0;
  int median = 0;
  while (below + histogram_[static_cast<std::size_t>(median)] <= map_.size() / 2) {
    below += histogram_[static_cast<std::size_t>(median++)];
  }
  const float variance = std::max(kRoundingVariance, kC2 * (static_cast<float>(kOne) / std::max(1, median) - 1));
  return static_cast<int>(kC2 / (kC2 + static_cast<float>(times) * variance) * kOne);
}

}  // namespace capillaryx
#endif
