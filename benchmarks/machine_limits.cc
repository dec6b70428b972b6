// SPDX-License-Identifier: Apache-2.0
// What one core of this machine can do at most, as JSON: multiplications and additions of floats, the same of pairs of
// 16 bits, plain operations on 16 bits, additions to a table, and reading of memory that lies in the second and third
// level of the cache and beyond. What the stages' times are compared with.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "../benchmarks/machine_limits.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace capillaryx::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Rounds of twelve independent fused multiplications and additions; gives their number of operations.
double multiply_add(std::int64_t rounds, float* out) {
  const hn::ScalableTag<float> d;
  using V = hn::VFromD<decltype(d)>;
  const V factor = hn::Set(d, out[0]), add = hn::Set(d, out[1]);
  // Different starts: equal ones would be worked out once.
  const auto start = [&](float value) HWY_ATTR { return hn::Mul(factor, hn::Set(d, value)); };
  V a = start(1), b = start(2), c = start(3), e = start(4), f = start(5), g = start(6), h = start(7), i = start(8),
    j = start(9), k = start(10), l = start(11), m = start(12);
  for (std::int64_t round = 0; round < rounds; ++round) {
    a = hn::MulAdd(a, factor, add), b = hn::MulAdd(b, factor, add), c = hn::MulAdd(c, factor, add);
    e = hn::MulAdd(e, factor, add), f = hn::MulAdd(f, factor, add), g = hn::MulAdd(g, factor, add);
    h = hn::MulAdd(h, factor, add), i = hn::MulAdd(i, factor, add), j = hn::MulAdd(j, factor, add);
    k = hn::MulAdd(k, factor, add), l = hn::MulAdd(l, factor, add), m = hn::MulAdd(m, factor, add);
  }
  const V sum = hn::Add(hn::Add(hn::Add(hn::Add(a, b), hn::Add(c, e)), hn::Add(hn::Add(f, g), hn::Add(h, i))),
                        hn::Add(hn::Add(j, k), hn::Add(l, m)));
  out[0] = hn::GetLane(sum) * 1e-30F + 0.5F;
  return static_cast<double>(rounds) * 12 * 2 * static_cast<double>(hn::Lanes(d));
}

// Rounds of eight independent multiplications of pairs of 16 bits, each with its additions: four operations a lane
// of 32.
double multiply_add_pairs(std::int64_t rounds, float* out) {
#if HWY_TARGET == HWY_SCALAR
  (void)rounds;
  (void)out;
  return 0;
#else
  const hn::ScalableTag<std::int16_t> d;
  const hn::RepartitionToWide<decltype(d)> wide;
  const auto weights = hn::Set(d, static_cast<std::int16_t>(out[0] * 8));
  using V = hn::VFromD<decltype(wide)>;
  V sums[8];
  for (int i = 0; i < 8; ++i) sums[i] = hn::Set(wide, i * 77777);
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (auto& sum : sums) {
      V rest = hn::Zero(wide);
      sum = hn::ReorderWidenMulAccumulate(wide, hn::BitCast(d, sum), weights, sum, rest);
    }
  }
  V all = sums[0];
  for (int i = 1; i < 8; ++i) all = hn::Add(all, sums[i]);
  out[0] = static_cast<float>(hn::GetLane(all)) * 1e-30F + 0.5F;
  return static_cast<double>(rounds) * 8 * 4 * static_cast<double>(hn::Lanes(wide));
#endif
}

// Rounds of eight independent additions and as many maxima of 16 bits.
double operate_16(std::int64_t rounds, float* out) {
  const hn::ScalableTag<std::int16_t> d;
  const auto add = hn::Set(d, static_cast<std::int16_t>(out[0] * 8)), least = hn::Set(d, 5);
  hn::VFromD<decltype(d)> values[8];
  for (int i = 0; i < 8; ++i) values[i] = hn::Set(d, static_cast<std::int16_t>(i * 77));
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (auto& value : values) value = hn::Max(hn::Add(value, add), least);
  }
  auto all = values[0];
  for (int i = 1; i < 8; ++i) all = hn::Add(all, values[i]);
  out[0] = static_cast<float>(hn::GetLane(all)) * 1e-30F + 0.5F;
  return static_cast<double>(rounds) * 8 * 2 * static_cast<double>(hn::Lanes(d));
}

std::uint64_t read_all(const std::uint8_t* data, std::size_t bytes) {
  const hn::ScalableTag<std::uint64_t> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto* words = reinterpret_cast<const std::uint64_t*>(data);
  auto a = hn::Zero(d), b = a, c = a, e = a;
  for (std::size_t i = 0; i + 4 * lanes <= bytes / 8; i += 4 * lanes) {
    a = hn::Add(a, hn::LoadU(d, words + i));
    b = hn::Add(b, hn::LoadU(d, words + i + lanes));
    c = hn::Add(c, hn::LoadU(d, words + i + 2 * lanes));
    e = hn::Add(e, hn::LoadU(d, words + i + 3 * lanes));
  }
  return hn::GetLane(hn::Add(hn::Add(a, b), hn::Add(c, e)));
}

}  // namespace
}  // namespace capillaryx::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace capillaryx {
namespace {

HWY_EXPORT(multiply_add);
HWY_EXPORT(multiply_add_pairs);
HWY_EXPORT(operate_16);
HWY_EXPORT(read_all);

template <class Work>
double least_seconds(Work&& work) {
  double least = 1e9;
  for (int i = 0; i < 40; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return least;
}

// Additions to a table in the first-level cache, at places that are read from memory.
double add_to_table(std::vector<std::uint32_t>& table, const std::vector<std::uint16_t>& places) {
  for (const std::uint16_t place : places) ++table[place];
  return static_cast<double>(places.size());
}

int measure() {
  float seed[2] = {0.5F, 0.25F};
  double operations = 0;
  const double seconds = least_seconds([&] { operations = HWY_DYNAMIC_DISPATCH(multiply_add)(200000, seed); });
  std::printf("{\"gflops\": %.1f", operations / seconds / 1e9);
  const double pairs = least_seconds([&] { operations = HWY_DYNAMIC_DISPATCH(multiply_add_pairs)(200000, seed); });
  std::printf(", \"pair_gops\": %.1f", operations / pairs / 1e9);
  const double shorts = least_seconds([&] { operations = HWY_DYNAMIC_DISPATCH(operate_16)(200000, seed); });
  std::printf(", \"short_gops\": %.1f", operations / shorts / 1e9);
  std::vector<std::uint32_t> table(1024);
  std::vector<std::uint16_t> places(8192);
  std::uint32_t random = 1;
  for (auto& place : places) place = static_cast<std::uint16_t>((random = random * 1664525U + 1013904223U) >> 22U);
  const double tables = least_seconds([&] {
    operations = 0;
    for (int i = 0; i < 50; ++i) operations += add_to_table(table, places);
  });
  std::printf(", \"table_gops\": %.2f", operations / tables / 1e9);
  seed[0] += static_cast<float>(table[places[0]] % 2);
  constexpr struct {
    const char* name;
    std::size_t bytes;
  } kSizes[] = {{"l2", 512U << 10U}, {"l3", 8U << 20U}, {"memory", 256U << 20U}};
  std::uint64_t sum = 0;
  for (const auto& [name, bytes] : kSizes) {
    const std::vector<std::uint8_t> data(bytes, 1);
    const double time = least_seconds([&] { sum += HWY_DYNAMIC_DISPATCH(read_all)(data.data(), data.size()); });
    std::printf(", \"read_%s_gb_per_s\": %.1f", name, static_cast<double>(bytes) / time / 1e9);
  }
  std::printf(", \"checksum\": %d}\n", static_cast<int>((sum + static_cast<std::uint64_t>(seed[0])) % 7));
  return 0;
}

}  // namespace
}  // namespace capillaryx

int main() { return capillaryx::measure(); }
#endif
