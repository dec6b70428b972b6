// SPDX-License-Identifier: Apache-2.0
#include "analysis/ssim.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <type_traits>
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
constexpr int kStep = SsimMap::kStep;
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
  for (int x = 0; x < width; x += kStep) {
    std::int32_t sum = 0, sum_sq = 0;
    for (int i = 0; i < pairs; ++i) {
      const int at = x + 2 * i - (pairs - 1);
      const std::int32_t first = weights[i] & 0xFFFF, second = weights[i] >> 16;
      sum += mean[at] * first + mean[at + 1] * second;
      sum_sq += mean_sq[at] * first + mean_sq[at + 1] * second;
    }
    const std::int32_t m = (sum + 2048) >> kWeightBits;         // 1/256 grey values
    const std::int32_t variance = std::max(0, sum_sq - m * m);  // 1/65536 grey values squared
    const float mb = static_cast<float>(behind[x]) * (1 / kOneBackground);
    const float mx = mb - static_cast<float>(m) * (1.0F / 256);
    const float over = (2 * mx * mb + kC1) * kC2;
    const float under = (mx * mx + mb * mb + kC1) * (static_cast<float>(variance) * (1.0F / 65536) + kC2);
    out[x / kStep] = static_cast<std::int16_t>(std::max(0.0F, over / under * kOneMap));
  }
}

std::size_t count_part(const std::int16_t* /*values*/, std::size_t /*count*/, int /*least*/, int /*end*/,
                       std::uint32_t* /*histogram*/, std::size_t& /*below*/) {
  return 0;
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
      hn::Max(hn::Zero(kLong), hn::Sub(sum_sq, hn::Mul(mean, mean)));
  // Products with a power of two are exact: they may be one with what is added, or stand elsewhere.
  const auto number = [](float value) { return hn::Set(kFloat, value); };
  const Float mb = hn::Mul(hn::ConvertTo(kFloat, behind), number(1 / kOneBackground));
  const Float mx = hn::NegMulAdd(hn::ConvertTo(kFloat, mean), number(1.0F / 256), mb);
  const Float above = hn::Mul(hn::Add(hn::Mul(hn::Add(mx, mx), mb), number(kC1)), number(kC2 * kOneMap));
  const Float below = hn::Mul(hn::Add(hn::Add(hn::Mul(mx, mx), hn::Mul(mb, mb)), number(kC1)),
                              hn::MulAdd(hn::ConvertTo(kFloat, variance), number(1.0F / 65536), number(kC2)));
  return hn::ConvertTo(kLong, hn::Max(number(0), hn::Div(above, below)));
}

// Across, at every second place: `mean` and `mean_sq` go on for `pairs` values on either side. Two neighbours and their
// weights lie in a lane of 32 bits, that of a place: a multiplication of pairs takes both.
template <int kPairs>
HWY_INLINE void sum_rows_of(const std::int16_t* mean, const std::int16_t* mean_sq, const std::int32_t* weights,
                            int pairs, const std::int16_t* behind, int width, std::int16_t* out) {
  static_assert(kStep == 2);
  if (kPairs != 0) pairs = kPairs;
  constexpr hn::Rebind<std::int16_t, decltype(kLong)> kPlaces;
  const int lanes = static_cast<int>(hn::Lanes(kShort));
  std::int16_t rest_behind[hn::MaxLanes(kShort)] = {}, rest_out[hn::MaxLanes(kPlaces)];
  for (int x = 0; x < width; x += lanes) {
    Long sum = hn::Zero(kLong), sum_sq = sum;
    const std::int16_t *value = mean + x - (pairs - 1), *square = mean_sq + x - (pairs - 1);
    for (int i = 0; i < pairs; ++i) {
      const Short weight = hn::BitCast(kShort, hn::Set(kLong, weights[i]));
      sum = Sums::add_pairs(hn::LoadU(kShort, value + 2 * i), weight, sum);
      sum_sq = Sums::add_pairs(hn::LoadU(kShort, square + 2 * i), weight, sum_sq);
    }

    const bool whole = x + lanes <= width;
    if (!whole) std::copy(behind + x, behind + width, rest_behind);
    const Long b = hn::BitCast(kLong, hn::LoadU(kShort, whole ? behind + x : rest_behind));
    const Long found = similarity(sum, sum_sq, hn::And(b, hn::Set(kLong, 0xFFFF)));
    std::int16_t* const places = out + x / kStep;
    hn::StoreU(hn::DemoteTo(kPlaces, found), kPlaces, whole ? places : rest_out);
    if (!whole) std::copy(rest_out, rest_out + (width - x + kStep - 1) / kStep, places);
  }
}

void sum_rows(const std::int16_t* mean, const std::int16_t* mean_sq, const std::int32_t* weights, int pairs,
              const std::int16_t* behind, int width, std::int16_t* out) {
  // Those of the default window: the weights stay in registers.
  if (pairs == 7) return sum_rows_of<7>(mean, mean_sq, weights, pairs, behind, width, out);
  sum_rows_of<0>(mean, mean_sq, weights, pairs, behind, width, out);
}

using MaskBits = std::conditional_t<
    hn::MaxLanes(kShort) <= 8, std::uint8_t,
    std::conditional_t<hn::MaxLanes(kShort) <= 16, std::uint16_t,
                       std::conditional_t<hn::MaxLanes(kShort) <= 32, std::uint32_t, std::uint64_t> > >;

// Counts the values from `least` on and under `end` in `histogram`, and those under `least` in `below`: of whole
// vectors. Returns how many values they had. Those in between are few: first their places are written down, a vector's
// first four without a question, which would often be answered wrong.
std::size_t count_part(const std::int16_t* values, std::size_t count, int least, int end, std::uint32_t* histogram,
                       std::size_t& below) {
  constexpr std::size_t kPiece = 4096;
  std::uint16_t places[kPiece + 4];
  const std::size_t lanes = hn::Lanes(kShort);
  const Short low = hn::Set(kShort, static_cast<std::int16_t>(least));
  const Short high = hn::Set(kShort, static_cast<std::int16_t>(end));
  std::size_t done = 0, under_low = 0;
  while (done + lanes <= count) {
    const std::int16_t* const piece = values + done;
    const std::size_t whole = std::min(kPiece, (count - done) / lanes * lanes);
    std::size_t found = 0;
    for (std::size_t i = 0; i < whole; i += lanes) {
      const Short value = hn::LoadU(kShort, piece + i);
      const auto under = hn::Lt(value, low);
      under_low += hn::CountTrue(kShort, under);
      const auto within = hn::AndNot(hn::VecFromMask(kShort, under), hn::VecFromMask(kShort, hn::Lt(value, high)));
      // Read again as wide as it was written: anything else would wait for the store.
      std::uint8_t bytes[sizeof(MaskBits)];
      hn::StoreMaskBits(kShort, hn::MaskFromVec(within), bytes);
      MaskBits stored = 0;
      std::memcpy(&stored, bytes, sizeof(stored));
      std::uint64_t bits = stored;
      const auto those = static_cast<std::size_t>(std::popcount(bits));
      for (std::size_t k = 0; k < std::max<std::size_t>(those, 4); ++k, bits &= bits - 1) {
        places[found + k] = static_cast<std::uint16_t>(i + static_cast<std::size_t>(std::countr_zero(bits)));
      }
      found += those;
    }
    for (std::size_t k = 0; k < found; ++k) ++histogram[piece[places[k]] - least];
    done += whole;
  }
  below += under_low;
  return done;
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
HWY_EXPORT(count_part);
HWY_EXPORT(cut_off);

constexpr int kMostLanes = 64;  // of 16 bits, on any machine

}  // namespace

void SsimMap::measure(const Darkness& darkness, double sigma_px) {
  width_ = (darkness.width + kStep - 1) / kStep;
  height_ = (darkness.height + kStep - 1) / kStep;
  set_weights(sigma_px);
  const int padded = (darkness.width + kMostLanes - 1) / kMostLanes * kMostLanes;
  const std::size_t reach = 2 * weights_.size();
  map_.resize(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
  cut_.resize(static_cast<std::size_t>(padded) * 2 * reach);
  cut_rows_ = 0;
  before_ = (reach / kMostLanes + 1) * kMostLanes;
  mean_.resize(static_cast<std::size_t>(padded) + 2 * before_);
  mean_sq_.resize(mean_.size());
  above_.resize(reach);
  below_.resize(reach);
  for (int y = 0; y < height_; ++y) measure_row(darkness, y, padded);
  median_ = find_median();
}

void SsimMap::set_weights(double sigma_px) {
  if (sigma_px == sigma_px_) return;
  sigma_px_ = sigma_px;
  std::vector<int> weights = gaussian_weights(sigma_px / 2, 1 << kWeightBits);
  const int radius = static_cast<int>(weights.size()) - 1;
  weights[0] /= 2;  // the middle counts as two halves
  if (weights.size() % 2 != 0) weights.push_back(0);
  // The first in the lower half, as a load of two shorts has it.
  const auto pair = [](int first, int second) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(first) | static_cast<std::uint32_t>(second) << 16U);
  };
  weights_.clear();
  for (std::size_t k = 0; k < weights.size(); k += 2) weights_.push_back(pair(weights[k], weights[k + 1]));
  const auto whole = [&](int k) {
    if (std::abs(k) >= static_cast<int>(weights.size())) return 0;
    return weights[static_cast<std::size_t>(std::abs(k))] * (k == 0 ? 2 : 1);
  };
  across_.clear();
  const int last = (radius + 1) / 2 * 2;
  for (int k = -last; k <= last; k += 2) across_.push_back(pair(whole(k), whole(k + 1)));
}

void SsimMap::measure_row(const Darkness& darkness, int y, int padded) {
  const int pairs = static_cast<int>(weights_.size()), reach = 2 * pairs, width = darkness.width;
  const int middle = y * kStep, last = darkness.height - 1;
  const auto line = [&](int row) {
    return cut_.data() + static_cast<std::ptrdiff_t>(std::clamp(row, 0, last) % (2 * reach)) * padded;
  };
  for (; cut_rows_ < std::min(middle + reach, darkness.height); ++cut_rows_) {
    HWY_DYNAMIC_DISPATCH(cut_off)
    (darkness.difference.data() + static_cast<std::ptrdiff_t>(cut_rows_) * width, width, line(cut_rows_));
  }
  for (int k = 0; k < reach; ++k) {
    above_[static_cast<std::size_t>(k)] = line(middle - k);
    below_[static_cast<std::size_t>(k)] = line(middle + k);
  }
  std::int16_t* const mean = mean_.data() + before_;
  std::int16_t* const mean_sq = mean_sq_.data() + before_;
  HWY_DYNAMIC_DISPATCH(sum_columns)(above_.data(), below_.data(), weights_.data(), pairs, width, mean, mean_sq);
  for (int k = 1; k <= reach; ++k) {
    mean[-k] = mean[0];
    mean_sq[-k] = mean_sq[0];
    mean[width - 1 + k] = mean[width - 1];
    mean_sq[width - 1 + k] = mean_sq[width - 1];
  }
  HWY_DYNAMIC_DISPATCH(sum_rows)
  (mean, mean_sq, across_.data(), static_cast<int>(across_.size()),
   darkness.behind.data() + static_cast<std::ptrdiff_t>(middle) * width, width,
   map_.data() + static_cast<std::ptrdiff_t>(y) * width_);
}

// The value that stands in the middle when all are in order. A sample of the map tells between which values it lies;
// then only those between them are sorted, by counting, and the others counted.
int SsimMap::find_median() {
  constexpr std::size_t kEvery = 31;  // no divisor of usual widths
  const std::size_t samples = (map_.size() + kEvery - 1) / kEvery, slack = samples / 100 + 1;
  histogram_.assign(kOne + 1, 0);
  for (std::size_t i = 0; i < map_.size(); i += kEvery) ++histogram_[static_cast<std::size_t>(map_[i])];
  int value = 0;
  std::size_t below = histogram_[0];
  // On to the sample of this place in order.
  const auto value_at = [&](std::size_t place) {
    while (below <= place) below += histogram_[static_cast<std::size_t>(++value)];
    return value;
  };
  const std::size_t middle = samples / 2;
  const int least = value_at(middle - std::min(slack, middle));
  const int end = value_at(std::min(middle + slack, samples - 1)) + 1;
  const int found = middle_between(least, end);
  return found >= 0 ? found : middle_between(0, kOne + 1);
}

// The middle value where it is in `least` to `end` - 1, otherwise -1.
int SsimMap::middle_between(int least, int end) {
  histogram_.assign(static_cast<std::size_t>(end - least), 0);
  std::size_t below = 0;
  std::size_t i = HWY_DYNAMIC_DISPATCH(count_part)(map_.data(), map_.size(), least, end, histogram_.data(), below);
  for (; i < map_.size(); ++i) {
    if (map_[i] < least) {
      ++below;
    } else if (map_[i] < end) {
      ++histogram_[static_cast<std::size_t>(map_[i] - least)];
    }
  }
  if (below > map_.size() / 2) return -1;
  for (std::size_t value = 0; value < histogram_.size(); ++value) {
    below += histogram_[value];
    if (below > map_.size() / 2) return least + static_cast<int>(value);
  }
  return -1;
}

int SsimMap::structure_threshold(double times) const {
  const float variance = std::max(kRoundingVariance, kC2 * (static_cast<float>(kOne) / std::max(1, median_) - 1));
  return static_cast<int>(kC2 / (kC2 + static_cast<float>(times) * variance) * kOne);
}

}  // namespace capillaryx
#endif
