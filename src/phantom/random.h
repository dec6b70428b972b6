// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace capillaryx::phantom {

/// Random numbers that are the same with every compiler and library: xoshiro256++, seeded by splitmix64.
/// Each thing that is drawn has its own stream, so that leaving one out moves no other.
class Random {
 public:
  Random(std::uint64_t seed, std::int64_t index, std::uint64_t kind, std::uint64_t object = 0) {
    std::uint64_t key = mix(seed) ^ mix(static_cast<std::uint64_t>(index) + 0x51ed2701) * 3;
    key = mix(key ^ mix(kind * 0x10001 + 7)) + mix(object + 0xabcdef) * 5;
    for (auto& word : state_) word = mix(key += 0x9e3779b97f4a7c15);
  }

  std::uint64_t bits() {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// 0 <= value < 1.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  bool chance(double probability) { return uniform() < probability; }
  int below(int count) { return static_cast<int>(uniform() * count); }

  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  double normal(double mean, double sigma) { return mean + sigma * normal(); }
  /// Spread about `median` by the factor exp(sigma).
  double spread(double median, double sigma) { return median * std::exp(sigma * normal()); }

  /// Nearly normal (a sum of four uniforms), standard deviation 1: fast, for fields of noise.
  float grain() {
    const std::uint64_t b = bits();
    const auto sum = static_cast<std::int64_t>((b & 0xffff) + ((b >> 16) & 0xffff) + ((b >> 32) & 0xffff) + (b >> 48));
    return static_cast<float>(sum - 131'070) * (1 / 37'837.0F);
  }

  /// How many, with this mean (Poisson).
  int count(double mean) {
    if (mean > 40) return static_cast<int>(std::lround(std::fmax(0, normal(mean, std::sqrt(mean)))));
    const double limit = std::exp(-mean);
    int n = 0;
    double product = uniform();
    while (product > limit) {
      product *= uniform();
      ++n;
    }
    return n;
  }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t state_[4];
};

}  // namespace capillaryx::phantom
