// SPDX-License-Identifier: Apache-2.0
#include "study/levels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "capillaryx/error.h"
#include "study/study_tables.h"

namespace capillaryx {
namespace {

using testing::HasSubstr;

Measurement measured(const std::string& subject, const std::string& visit, double density, const std::string& name) {
  Measurement one;
  one.file = subject + "/" + visit + "/" + name;
  one.labels = {{"subject", subject}, {"visit", visit}};
  one.values = {{"density", density}, {"count", density * 1000}};
  return one;
}

std::vector<LevelRow> rows_of(const std::vector<Measurement>& measurements, const std::string& statistic,
                              const std::string& level, const LevelOptions& options = {}) {
  std::vector<LevelRow> rows = summarise(measurements, options);
  std::erase_if(rows, [&](const LevelRow& row) {
    return row.quantity != "density" || row.statistic != statistic || row.level != level;
  });
  return rows;
}

TEST(Levels, MeansAreOverTheLevelBelowNotOverMeasurements) {
  // Subject a has a visit of three fields; each visit weighs the same.
  const std::vector<Measurement> measurements{measured("a", "1", 1, "x"),  measured("a", "1", 2, "y"),
                                              measured("a", "1", 3, "z"),  measured("a", "2", 6, "x"),
                                              measured("b", "1", 10, "x"), measured("b", "2", 20, "x")};
  const auto visits = rows_of(measurements, "mean", "visit");
  ASSERT_EQ(visits.size(), 4U);
  EXPECT_EQ(visits[0].n, 3);
  EXPECT_EQ(visits[0].value, 2);
  EXPECT_EQ(visits[0].of, "measurement");
  EXPECT_EQ(visits[1].reason, "only one measurement");
  const auto subjects = rows_of(measurements, "mean", "subject");
  ASSERT_EQ(subjects.size(), 2U);
  EXPECT_EQ(subjects[0].value, 4);
  EXPECT_EQ(subjects[0].n, 2);
  EXPECT_EQ(subjects[1].value, 15);
  const auto all = rows_of(measurements, "mean", "all");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].value, 9.5);
  EXPECT_EQ(all[0].n, 2);
  EXPECT_EQ(all[1].labels.at("visit"), "1");
  EXPECT_EQ(all[1].value, 6);
  EXPECT_EQ(all[2].value, 13);
}

TEST(Levels, VisitsAreComparedWithinSubjects) {
  const std::vector<Measurement> measurements{measured("a", "v1", 1, "x"),   measured("a", "v2", 2, "x"),
                                              measured("b", "v1", 2, "x"),   measured("b", "v2", 5, "x"),
                                              measured("c", "v1", 100, "x"), measured("d", "v10", 50, "x")};
  const auto differences = rows_of(measurements, "difference", "all");
  ASSERT_EQ(differences.size(), 3U);
  EXPECT_EQ(differences[0].from, "v1");
  EXPECT_EQ(differences[0].to, "v2");
  EXPECT_EQ(differences[0].n, 2);
  EXPECT_EQ(differences[0].value, 2);
  EXPECT_EQ(differences[1].to, "v10") << "labels stand as people count";
  EXPECT_EQ(differences[1].reason, "no subject has a value at both");
  EXPECT_EQ(rows_of(measurements, "icc(2,1)", "all")[0].n, 0) << "no subject has all three visits";
}

TEST(Levels, GroupsOfSubjectsGetRowsOfTheirOwnAndAreNotPaired) {
  std::vector<Measurement> measurements{measured("a", "1", 1, "x"), measured("a", "2", 2, "x"),
                                        measured("b", "1", 3, "x"), measured("b", "2", 5, "x")};
  measurements[0].labels["condition"] = measurements[1].labels["condition"] = "control";
  measurements[2].labels["condition"] = measurements[3].labels["condition"] = "treated";
  const auto differences = rows_of(measurements, "difference", "all");
  ASSERT_EQ(differences.size(), 4U);
  EXPECT_EQ(differences[1].labels.at("condition"), "control");
  EXPECT_EQ(differences[1].value, 1);
  EXPECT_EQ(differences[2].labels.at("condition"), "treated");
  EXPECT_EQ(differences[2].value, 2);
  EXPECT_EQ(differences[3].compared, "condition");
  EXPECT_THAT(differences[3].reason, HasSubstr("unpaired"));
}

TEST(Levels, WhatIsLeftOutIsCountedAndCountsInNoMean) {
  std::vector<Measurement> measurements{measured("a", "1", 1, "x"), measured("a", "1", 3, "y"),
                                        measured("a", "1", 100, "z")};
  measurements[2].reason = "out of focus";
  const auto visits = rows_of(measurements, "mean", "visit");
  EXPECT_EQ(visits[0].value, 2);
  EXPECT_EQ(visits[0].left_out, 1);
}

TEST(Levels, LongerClipsNarrowNoInterval) {
  std::vector<Measurement> clips{measured("a", "1", 1, "x"), measured("a", "1", 2, "y"), measured("a", "1", 4, "z")};
  for (Measurement& clip : clips) clip.frames = clip.usable_frames = 25;
  const auto few = rows_of(clips, "mean", "visit");
  for (Measurement& clip : clips) clip.frames = clip.usable_frames = 2500;
  const auto many = rows_of(clips, "mean", "visit");
  EXPECT_EQ(few[0].low, many[0].low);
  EXPECT_EQ(few[0].high, many[0].high);
  EXPECT_EQ(few[0].n, 3);
}

TEST(Levels, UnequalScalesAreNamedInEveryRowThatMixesThem) {
  std::vector<Measurement> measurements{measured("a", "1", 1, "x"), measured("a", "2", 2, "x"),
                                        measured("b", "1", 3, "x"), measured("b", "2", 4, "x")};
  for (Measurement& one : measurements) one.scale_um_per_px = 1.1;
  measurements[1].scale_um_per_px = 2;
  measurements[2].scale_um_per_px.reset();
  measurements[3].magnification = 1.5;
  measurements[0].magnification = 1;
  for (const LevelRow& row : summarise(measurements, {})) {
    if (row.level != "all" || row.statistic == "mean") continue;
    EXPECT_THAT(row.note, HasSubstr("scales differ: 1.1, 2 um/px; 1 of 4 measurements have no scale"));
    EXPECT_THAT(row.note, HasSubstr("magnifications differ: 1, 1.5"));
  }
  EXPECT_EQ(rows_of(measurements, "mean", "visit")[0].note, "");
}

TEST(Levels, OrderOfMeasurementsDoesNotMatter) {
  std::vector<Measurement> measurements;
  for (int i = 0; i < 40; ++i) {
    measurements.push_back(measured("s" + std::to_string(i % 5), "v" + std::to_string(i % 2), 0.1 * (i % 7) + 0.01 * i,
                                    std::to_string(i)));
  }
  const auto text = [](std::vector<Measurement> some) {
    sort_measurements(some, {});
    return csv_text(groups_table(summarise(some, {}), {"subject", "visit"})) +
           csv_text(measurements_table(some, {"subject", "visit"}));
  };
  const std::string first = text(measurements);
  std::reverse(measurements.begin(), measurements.end());
  EXPECT_EQ(text(measurements), first);
}

TEST(Levels, AnyColumnMayBeALevel) {
  std::vector<Measurement> measurements{measured("a", "1", 1, "x"), measured("a", "1", 3, "y")};
  measurements[0].labels["finger"] = "left";
  measurements[1].labels["finger"] = "right";
  LevelOptions options;
  options.levels = {"subject", "visit", "finger"};
  EXPECT_EQ(rows_of(measurements, "mean", "finger", options).size(), 2U);
  EXPECT_EQ(rows_of(measurements, "mean", "visit", options)[0].of, "finger");
  options.levels = {};
  EXPECT_THROW(summarise(measurements, options), Error);
}

TEST(Levels, NothingMeasuredIsNoRowOfNumbers) {
  for (const LevelRow& row : summarise({}, {})) {
    EXPECT_FALSE(row.value);
    EXPECT_NE(row.reason, "");
  }
}

TEST(Tables, AWorkbookHasTheSameBytesEveryTime) {
  Table table{"a", {"x", "=y"}, {{1.5, std::string("<&\x01_x0041_\">")}, {std::monostate(), std::string("=1+1")}}};
  const std::string bytes = workbook({table, definitions_table()});
  EXPECT_EQ(bytes, workbook({table, definitions_table()}));
  EXPECT_THAT(bytes, HasSubstr("&lt;&amp;_x0001__x005F_x0041_&quot;&gt;"));
  EXPECT_EQ(csv_text(table), "x,\"'=y\"\r\n1.5,\"<&\x01_x0041_\"\">\"\r\n,\"'=1+1\"\r\n");
}

}  // namespace
}  // namespace capillaryx
