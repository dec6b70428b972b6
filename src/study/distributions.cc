// SPDX-License-Identifier: Apache-2.0
#include "study/distributions.h"

#include <array>
#include <cmath>

namespace capillaryx {
namespace {

/// log of the gamma function for x > 0: Stirling's series (DLMF 5.11.1) after a shift to x >= 12. The C library's sets
/// a global sign.
double log_gamma(double x) {
  constexpr double kHalfLogTwoPi = 0.91893853320467274178;
  double shift = 1;
  while (x < 12) {
    shift *= x;
    x += 1;
  }
  const double inverse = 1 / x;
  const double square = inverse * inverse;
  const double series =
      inverse *
      (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680 - square * (1.0 / 1188)))));
  return (x - 0.5) * std::log(x) - x + kHalfLogTwoPi + series - std::log(shift);
}

/// The continued fraction of DLMF 8.17.22 by Lentz's method; converges fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  constexpr int kMostTerms = 100'000;
  const auto guarded = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / guarded(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m < kMostTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guarded(1 + even * d);
    c = guarded(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guarded(1 + odd * d);
    c = guarded(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return fraction;
}

}  // namespace

double incomplete_beta(double x, double a, double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(x, a, b) / a;
  return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double t_two_sided_p(double t, double df) { return incomplete_beta(df / (df + t * t), df / 2, 0.5); }

double f_quantile(double probability, double df1, double df2) {
  // Bisection on the logarithm: no start value can fail, whatever the degrees of freedom.
  double low = -700;
  double high = 700;
  while (high - low > 1e-14 * (1 + std::abs(low))) {
    const double middle = (low + high) / 2;
    const double f = std::exp(middle);
    // Upper tail, so that probabilities near one keep their digits.
    const double above = incomplete_beta(df2 / (df2 + df1 * f), df2 / 2, df1 / 2);
    (above > 1 - probability ? low : high) = middle;
    if (middle == low && middle == high) break;
  }
  return std::exp((low + high) / 2);
}

double t_critical(double coverage, double df) { return std::sqrt(f_quantile(coverage, 1, df)); }

double t_critical_95(std::int64_t df) {
  static const std::array<double, 128> kCritical = [] {
    std::array<double, 128> values{};
    for (std::size_t i = 1; i < values.size(); ++i) values[i] = t_critical(0.95, static_cast<double>(i));
    return values;
  }();
  return df < static_cast<std::int64_t>(kCritical.size()) ? kCritical[static_cast<std::size_t>(df)]
                                                          : t_critical(0.95, static_cast<double>(df));
}

}  // namespace capillaryx
