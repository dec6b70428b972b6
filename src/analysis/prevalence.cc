// SPDX-License-Identifier: Apache-2.0
#include "analysis/prevalence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace capillaryx {
namespace {

constexpr int kMostRounds = 200;
constexpr double kStill = 1e-6;  // a share that moves by less has arrived
// Scores between these belong to neither group. On synthetic frames without capillaries, which the rule is for, up to a
// quarter of the scores do (docs/analysis.md).
constexpr double kNeitherFrom = 0.1, kNeitherTo = kSureScore;
constexpr double kMostOfNeither = 0.25;

double odds_of(double p) { return p / (1 - p); }

// What probability `p` becomes where the odds of a capillary are `odds` times the usual ones.
double adjusted(double p, double odds) { return p * odds / (p * odds + (1 - p)); }

}  // namespace

bool is_undecided(float score) {
  return static_cast<double>(score) > kNeitherFrom && static_cast<double>(score) < kNeitherTo;
}

std::string fit_to_prevalence(double usual_share, double prior_regions, double threshold, std::vector<float>& scores) {
  const auto regions = static_cast<double>(scores.size());
  double share = usual_share, odds = 1;
  for (int round = 0; round < kMostRounds; ++round) {
    double sum = prior_regions * usual_share;
    for (const float score : scores) sum += adjusted(static_cast<double>(score), odds);
    const double next = sum / (regions + prior_regions);
    if (!(next < share - kStill)) break;  // from above it only falls
    share = next;
    odds = odds_of(share) / odds_of(usual_share);
  }
  if (odds == 1) return {};
  const auto neither = std::count_if(scores.begin(), scores.end(), is_undecided);
  if (static_cast<double>(neither) > kMostOfNeither * (regions + prior_regions)) {
    return fmt::format(
        "scores not adjusted to the frame's share of capillaries: they do not fit two groups ({} of {} between {} and "
        "{})",
        neither, scores.size(), kNeitherFrom, kNeitherTo);
  }
  odds = std::max(odds, std::min(1.0, odds_of(threshold) / odds_of(kSureScore)));
  if (odds == 1) return {};
  for (float& score : scores) {
    const auto before = static_cast<double>(score);
    score = static_cast<float>(adjusted(before, odds));
    if (before < kSureScore || static_cast<double>(score) >= threshold || before < threshold) continue;
    score = std::nextafter(score, std::numeric_limits<float>::infinity());  // rounded down to under the threshold
  }
  return {};
}

}  // namespace capillaryx
