// SPDX-License-Identifier: Apache-2.0
#include "study/pseudonyms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t draw(std::size_t below) { return (below * 7 + 3) % below; }

Study study_of_names() {
  Study study = guess_study({"Meyer/v1/Meyer left.PNG", "Meyer/v2/b.png", "Schulz/v1/c.meyer", "Schulz/v2/d.avi"});
  study.rows[1].exclude = "Meyer moved";
  study.rows[2].note = "ask Schulz";
  return study;
}

TEST(Pseudonyms, NoNameIsLeftInTheCodedStudy) {
  const Study study = study_of_names();
  const std::string coded = study_text(apply_key(make_key(study, draw), study, "key").coded);
  for (const char* name : {"Meyer", "meyer", "Schulz", "v1", "left", "moved"}) EXPECT_THAT(coded, Not(HasSubstr(name)));
  EXPECT_THAT(coded, HasSubstr(".png"));
}

TEST(Pseudonyms, TheKeyLeadsBackThroughItsText) {
  const Study study = study_of_names();
  const Study key = parse_study(study_text(make_key(study, draw)), "key");
  const Pseudonyms coded = apply_key(key, study, "key");
  const Pseudonyms back = resolve_key(key, parse_study(study_text(coded.coded), "coded"), "key");
  ASSERT_EQ(back.real.rows.size(), study.rows.size());
  for (const StudyRow& row : study.rows) {
    const StudyRow* found = back.real.find(row.file);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->labels, row.labels);
    EXPECT_EQ(found->exclude, row.exclude);
    EXPECT_EQ(found->note, row.note);
  }
}

TEST(Pseudonyms, EveryNameHasACodeOfItsOwn) {
  const Study study = study_of_names();
  const Pseudonyms names = apply_key(make_key(study, draw), study, "key");
  EXPECT_EQ(names.files.size(), 4U);
  EXPECT_EQ(names.coded.find(names.coded.rows[0].file), names.coded.rows.data());
  for (const StudyRow& row : names.coded.rows) {
    const std::string& real = study.find(names.files.at(row.file))->labels.at("subject");
    for (const StudyRow& other : names.coded.rows) {
      const bool same = study.find(names.files.at(other.file))->labels.at("subject") == real;
      EXPECT_EQ(other.labels.at("subject") == row.labels.at("subject"), same);
    }
  }
}

TEST(Pseudonyms, WhatWasDecidedUnderCodesHolds) {
  const Study study = study_of_names();
  const Study key = make_key(study, draw);
  Study coded = apply_key(key, study, "key").coded;
  coded.rows[0].exclude = "blurred";
  const Pseudonyms back = resolve_key(key, coded, "key");
  EXPECT_EQ(back.real.find(back.files.at(coded.rows[0].file))->exclude, "blurred");
}

TEST(Pseudonyms, AnotherStudysKeyIsRefused) {
  const Study study = study_of_names();
  const Study key = make_key(study, draw);
  EXPECT_THROW(apply_key(key, guess_study({"other.png"}), "key"), Error);
  Study moved = study;
  moved.rows[0].labels["subject"] = "Schulz";
  EXPECT_THROW(apply_key(key, moved, "key"), Error);
  EXPECT_THROW(resolve_key(key, study, "key"), Error);
}

}  // namespace
}  // namespace capillaryx
