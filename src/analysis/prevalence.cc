// SPDX-License-Identifier: Apache-2.0
#include "analysis/prevalence.h"

#include <cstddef>

namespace capillaryx {
namespace {

constexpr int kMostRounds = 200;
constexpr double kStill = 1e-6;  // a share that moves by less has arrived

// What probability `p` becomes where the odds of a capillary are `odds` times the usual ones.
double adjusted(double p, double odds) { return p * odds / (p * odds + (1 - p)); }

}  // namespace

void fit_to_prevalence(double usual_share, double prior_regions, std::vector<float>& scores) {
  const auto regions = static_cast<double>(scores.size());
  const double usual_odds = usual_share / (1 - usual_share);
  double share = usual_share, odds = 1;
  for (int round = 0; round < kMostRounds; ++round) {
    double sum = prior_regions * usual_share;
    for (const float score : scores) sum += adjusted(static_cast<double>(score), odds);
    const double next = sum / (regions + prior_regions);
    if (!(next < share - kStill)) break;  // from above it only falls
    share = next;
    odds = share / (1 - share) / usual_odds;
  }
  if (odds == 1) return;
  for (float& score : scores) score = static_cast<float>(adjusted(static_cast<double>(score), odds));
}

}  // namespace capillaryx
