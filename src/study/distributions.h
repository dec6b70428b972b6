// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace capillaryx {

/// Regularised incomplete beta function I_x(a, b), for a, b > 0 and 0 <= x <= 1 (continued fraction, DLMF 8.17.22).
double incomplete_beta(double x, double a, double b);

/// Two-sided p value of Student's t with `df` degrees of freedom: P(|T| >= |t|).
double t_two_sided_p(double t, double df);

/// The value that |T| stays below with probability `coverage` (0.95: the critical value of a 95 % interval).
double t_critical(double coverage, double df);

/// t_critical(0.95, df) for df >= 1; from a table if there are few.
double t_critical_95(std::int64_t df);

/// Quantile of the F distribution, 0 < probability < 1.
double f_quantile(double probability, double df1, double df2);

}  // namespace capillaryx
