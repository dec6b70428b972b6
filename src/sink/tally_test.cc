// SPDX-License-Identifier: Apache-2.0
#include "sink/tally.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace capillaryx {
namespace {

FrameResult with_notes(std::vector<std::string> notes) {
  FrameResult result;
  result.status = Status::kOk;
  result.source = "a.png";
  result.notes = std::move(notes);
  return result;
}

TEST(Tally, CountsFramesByKindOfNoteWithoutItsNumbers) {
  Tally tally;
  tally.add(with_notes({}));
  tally.add(with_notes({"undecided (20 of 40)", "inverted (3 %)"}));
  tally.add(with_notes({"undecided (7 of 9)"}));
  const nlohmann::ordered_json notes = tally.summary("", {}, 1, 3)["notes"];
  EXPECT_EQ(notes, (nlohmann::ordered_json{{"inverted", 1}, {"undecided", 2}}));
}

TEST(Tally, HoldsAHundredKindsOfNotesHoweverManyThereAre) {
  Tally tally;
  for (int i = 0; i < 1000; ++i) tally.add(with_notes({"page " + std::to_string(i)}));
  EXPECT_EQ(tally.summary("", {}, 1, 1000)["notes"].size(), 100U);
}

}  // namespace
}  // namespace capillaryx
