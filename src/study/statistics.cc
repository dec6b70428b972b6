// SPDX-License-Identifier: Apache-2.0
#include "study/statistics.h"

#include <algorithm>
#include <cmath>

#include "capillaryx/error.h"
#include "study/distributions.h"

namespace capillaryx {
namespace {

constexpr double kUpperTail = 1 - (1 - kCoverage) / 2;

bool all_equal(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [&](double value) { return value == values[0]; });
}

/// Sum of (x - mean of x)(y - mean of y).
double cross_sum(std::span<const double> x, std::span<const double> y) {
  const double mean_x = mean_of(x);
  const double mean_y = mean_of(y);
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - mean_x) * (y[i] - mean_y);
  return sum;
}

double square_sum(std::span<const double> values) { return cross_sum(values, values); }

/// mean(to) / mean(from) - 1 and its interval: the ratios r at which the mean of `to - r * from` is within its t
/// interval of zero (Fieller 1954, for paired values).
void put_change(PairedDifference& out, std::span<const double> from, std::span<const double> to, double critical) {
  const double x = mean_of(from);
  const double y = mean_of(to);
  if (x <= 0) return;
  out.change = y / x - 1;
  const auto n = static_cast<double>(from.size());
  const double factor = critical * critical / (n * (n - 1));
  const double a = x * x - factor * square_sum(from);
  const double b = x * y - factor * cross_sum(from, to);
  const double c = y * y - factor * square_sum(to);
  if (a <= 0) {
    out.reason += (out.reason.empty() ? "" : "; ") +
                  std::string("the relative change has no interval: the first mean is not clearly above 0");
    return;
  }
  const double root = std::sqrt(std::max(0.0, b * b - a * c));
  out.change_low = (b - root) / a - 1;
  out.change_high = (b + root) / a - 1;
}

}  // namespace

double mean_of(std::span<const double> values) {
  if (all_equal(values)) return values[0];
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

Description describe(std::span<const double> values) {
  Description out;
  out.n = static_cast<std::int64_t>(values.size());
  if (values.empty()) {
    out.reason = "no value";
    return out;
  }
  const auto n = static_cast<double>(out.n);
  out.mean = mean_of(values);
  if (values.size() < 2) {
    out.reason = "only one value";
    return out;
  }
  out.sd = all_equal(values) ? 0 : std::sqrt(square_sum(values) / (n - 1));
  const bool none_negative = std::all_of(values.begin(), values.end(), [](double value) { return value >= 0; });
  if (none_negative && *out.mean > 0) out.cv = *out.sd / *out.mean;
  if (*out.sd == 0) {
    out.reason = "all values are equal";
    return out;
  }
  const double half = t_critical_95(out.n - 1) * *out.sd / std::sqrt(n);
  out.low = *out.mean - half;
  out.high = *out.mean + half;
  return out;
}

PairedDifference paired_difference(std::span<const double> from, std::span<const double> to) {
  if (from.size() != to.size()) throw Error(ErrorKind::kInternal, "pairs of different length");
  std::vector<double> differences(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) differences[i] = to[i] - from[i];
  const Description about = describe(differences);
  PairedDifference out;
  out.n = about.n;
  out.mean = about.mean;
  out.sd = about.sd;
  out.low = about.low;
  out.high = about.high;
  if (out.n == 0) out.reason = "no pair";
  if (out.n == 1) out.reason = "only one pair";
  if (out.n < 2) return out;
  const auto n = static_cast<double>(out.n);
  if (*out.sd == 0) {
    out.reason = "all differences are equal";
  } else {
    out.p = t_two_sided_p(*out.mean * std::sqrt(n) / *out.sd, n - 1);
  }
  const double variance = (square_sum(from) + square_sum(to)) / (n - 1) / 2;
  if (!all_equal(from) || !all_equal(to)) {
    out.effect_size = *out.mean / std::sqrt(variance) * (1 - 3 / (4 * (2 * n) - 9));
  }
  put_change(out, from, to, t_critical_95(out.n - 1));
  return out;
}

Icc icc_nested(const std::vector<std::vector<double>>& targets) {
  Icc out;
  double sum = 0;
  double squared_sizes = 0;
  for (const auto& target : targets) {
    if (target.empty()) continue;
    ++out.targets;
    const auto size = static_cast<double>(target.size());
    out.measurements += static_cast<std::int64_t>(target.size());
    sum += mean_of(target) * size;
    squared_sizes += size * size;
  }
  if (out.targets < 2) {
    out.reason = "fewer than two targets";
    return out;
  }
  if (out.measurements == out.targets) {
    out.reason = "no target has two measurements";
    return out;
  }
  const auto a = static_cast<double>(out.targets);
  const auto all = static_cast<double>(out.measurements);
  const double grand_mean = sum / all;
  double between = 0;
  double within = 0;
  bool balanced = true;
  std::size_t first_size = 0;
  for (const auto& target : targets) {
    if (target.empty()) continue;
    if (first_size == 0) first_size = target.size();
    balanced = balanced && target.size() == first_size;
    const double mean = mean_of(target);
    between += static_cast<double>(target.size()) * (mean - grand_mean) * (mean - grand_mean);
    if (!all_equal(target)) within += square_sum(target);
  }
  const double df_between = a - 1;
  const double df_within = all - a;
  const double ms_between = between / df_between;
  const double ms_within = within / df_within;
  const double k = (all - squared_sizes / all) / df_between;
  if (within == 0) {
    out.reason = "the measurements of each target are equal";
    return out;
  }
  out.icc = (ms_between - ms_within) / (ms_between + (k - 1) * ms_within);
  if (!balanced) {
    out.reason = "no interval: the targets have different numbers of measurements";
    return out;
  }
  const double f = ms_between / ms_within;
  const double f_low = f / f_quantile(kUpperTail, df_between, df_within);
  const double f_high = f * f_quantile(kUpperTail, df_within, df_between);
  out.low = (f_low - 1) / (f_low + k - 1);
  out.high = (f_high - 1) / (f_high + k - 1);
  return out;
}

Icc icc_crossed(const std::vector<std::vector<double>>& targets) {
  Icc out;
  out.targets = static_cast<std::int64_t>(targets.size());
  const std::size_t columns = targets.empty() ? 0 : targets[0].size();
  for (const auto& row : targets) {
    if (row.size() != columns) throw Error(ErrorKind::kInternal, "rows of different length");
    out.measurements += static_cast<std::int64_t>(row.size());
  }
  if (out.targets < 2 || columns < 2) {
    out.reason = out.targets < 2 ? "fewer than two targets have every value" : "only one value per target";
    return out;
  }
  const auto n = static_cast<double>(out.targets);
  const auto k = static_cast<double>(columns);
  std::vector<double> row_means;
  std::vector<double> column_means(columns, 0);
  for (const auto& row : targets) {
    row_means.push_back(mean_of(row));
    for (std::size_t j = 0; j < columns; ++j) column_means[j] += row[j] / n;
  }
  const double grand_mean = mean_of(row_means);
  double residual = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      const double left = targets[i][j] - row_means[i] - column_means[j] + grand_mean;
      residual += left * left;
    }
  }
  const double rows = k * square_sum(row_means) / (n - 1);
  const double readers = n * square_sum(column_means) / (k - 1);
  const double error = residual / ((n - 1) * (k - 1));
  const double below = rows + (k - 1) * error + k * (readers - error) / n;
  if (!(error > 1e-24 * (rows + readers)) || below <= 0) {
    out.reason = "nothing varies beside the targets";
    return out;
  }
  const double icc = (rows - error) / below;
  out.icc = icc;
  const double f_readers = readers / error;
  const double load = n * (1 + (k - 1) * icc) - k * icc;
  const double top = k * icc * f_readers + load;
  const double v = (k - 1) * (n - 1) * top * top / ((n - 1) * k * k * icc * icc * f_readers * f_readers + load * load);
  if (!(v > 0)) {
    out.reason = "no interval: its degrees of freedom are 0";
    return out;
  }
  const double f_low = f_quantile(kUpperTail, n - 1, v);
  const double f_high = f_quantile(kUpperTail, v, n - 1);
  const double rest = k * readers + (k * n - k - n) * error;
  out.low = n * (rows - f_low * error) / (f_low * rest + n * rows);
  out.high = n * (f_high * rows - error) / (rest + n * f_high * rows);
  return out;
}

}  // namespace capillaryx
