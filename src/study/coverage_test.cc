// SPDX-License-Identifier: Apache-2.0
// Synthetic studies with a known truth, drawn at the measurement level: how often 95 % intervals hold it.
// scripts/coverage.py writes the properties that are recorded here into docs/statistics.md.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <stdexcept>
#include <string>

#include "study/levels.h"

namespace capillaryx {
namespace {

constexpr int kDraws = 2000;
constexpr double kChange = 0.15;
constexpr double kMean = 40;      // capillaries of a field
constexpr double kSubjectSd = 8;  // between subjects
constexpr double kVisitSd = 3;    // between visits of a subject
constexpr double kFieldSd = 5;    // between fields of a visit

/// Normal numbers, the same on every machine (splitmix64, Box and Muller).
class Normal {
 public:
  explicit Normal(std::uint64_t seed) : state_(seed) {}
  double operator()(double sd) {
    return sd * std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  double uniform() {
    std::uint64_t x = state_ += 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
    return (static_cast<double>((x ^ (x >> 31U)) >> 11U) + 0.5) * 0x1p-53;
  }
  std::uint64_t state_;
};

Measurement field(int subject, const std::string& visit, int number, double count) {
  Measurement one;
  one.file = "s" + std::to_string(subject) + "/" + visit + "/" + std::to_string(number);
  one.labels = {{"subject", std::to_string(subject)}, {"visit", visit}};
  one.values = {{"count", count}};
  return one;
}

struct Hits {
  int inside = 0;
  int all = 0;
  void add(const LevelRow& row, double truth) {
    if (!row.low) return;  // an interval that is not given claims nothing
    ++all;
    if (*row.low <= truth && truth <= *row.high) ++inside;
  }
  double share() const { return static_cast<double>(inside) / all; }
};

const LevelRow& find(const std::vector<LevelRow>& rows, const std::string& statistic, const std::string& level) {
  for (const LevelRow& row : rows) {
    if (row.quantity == "count" && row.statistic == statistic && row.level == level) return row;
  }
  throw std::runtime_error("no such row");
}

class Coverage : public testing::TestWithParam<int> {
 protected:
  void expect(const std::string& name, const Hits& hits) {
    EXPECT_GE(hits.all, 0.94 * kDraws) << name;
    EXPECT_GE(hits.share(), 0.935) << name;
    EXPECT_LE(hits.share(), 0.965) << name;
    RecordProperty(name, std::to_string(hits.share()));
    RecordProperty(name + "_given", std::to_string(static_cast<double>(hits.all) / kDraws));
  }
};

TEST_P(Coverage, OfAVisitOverItsFields) {
  Normal normal(11 + GetParam());
  Hits hits;
  for (int draw = 0; draw < kDraws; ++draw) {
    const double truth = kMean + normal(kSubjectSd) + normal(kVisitSd);
    std::vector<Measurement> study;
    for (int i = 0; i < GetParam(); ++i) study.push_back(field(1, "1", i, truth + normal(kFieldSd)));
    hits.add(find(summarise(study, {}), "mean", "visit"), truth);
  }
  expect("visit", hits);
}

TEST_P(Coverage, OfASubjectOverItsVisits) {
  Normal normal(22 + GetParam());
  Hits hits;
  LevelOptions options;
  options.compare.clear();
  for (int draw = 0; draw < kDraws; ++draw) {
    const double truth = kMean + normal(kSubjectSd);
    std::vector<Measurement> study;
    for (int visit = 0; visit < GetParam(); ++visit) {
      const double here = truth + normal(kVisitSd);
      for (int i = 0; i < 3 + visit % 3; ++i)
        study.push_back(field(1, std::to_string(visit), i, here + normal(kFieldSd)));
    }
    hits.add(find(summarise(study, options), "mean", "subject"), truth);
  }
  expect("subject", hits);
}

TEST_P(Coverage, OfTheGroupItsChangeAndItsRelativeChange) {
  Normal normal(33 + GetParam());
  Hits group;
  Hits difference;
  Hits relative;
  for (int draw = 0; draw < kDraws; ++draw) {
    std::vector<Measurement> study;
    for (int subject = 0; subject < GetParam(); ++subject) {
      const double truth = kMean + normal(kSubjectSd);
      for (const bool second : {false, true}) {
        const double here = truth * (second ? 1 + kChange : 1) + normal(kVisitSd);
        for (int i = 0; i < 3; ++i) study.push_back(field(subject, second ? "2" : "1", i, here + normal(kFieldSd)));
      }
    }
    const std::vector<LevelRow> rows = summarise(study, {});
    group.add(find(rows, "mean", "all"), kMean * (1 + kChange / 2));
    LevelRow change = find(rows, "difference", "all");
    difference.add(change, kMean * kChange);
    change.low = change.change_low;
    change.high = change.change_high;
    relative.add(change, kChange);
  }
  expect("group", group);
  expect("paired_difference", difference);
  expect("relative_change", relative);
}

INSTANTIATE_TEST_SUITE_P(N, Coverage, testing::Values(3, 5, 12, 24), testing::PrintToStringParamName());

}  // namespace
}  // namespace capillaryx
