// SPDX-License-Identifier: Apache-2.0
#include "analysis/choice.h"

#include <gmock/gmock.h>

namespace capillaryx {
namespace {

using ::testing::ElementsAre;

std::vector<int> choose(const std::vector<int>& within, const std::vector<float>& scores) {
  std::vector<Roi> rois(within.size());
  for (std::size_t i = 0; i < rois.size(); ++i) rois[i].within = within[i];
  RegionChoice choice;
  choice.choose(std::vector<Roi>(7), std::vector<float>(7, 0.3F));  // what it remembers must not matter
  choice.choose(rois, scores);
  std::vector<int> chosen;
  for (std::size_t i = 0; i < rois.size(); ++i) chosen.push_back(choice.stays(i) ? 1 : 0);
  return chosen;
}

TEST(Choice, KeepsAllThatStandAlone) { EXPECT_THAT(choose({-1, -1}, {0.1F, 0.9F}), ElementsAre(1, 1)); }

TEST(Choice, IsNothingWithoutRegions) { EXPECT_TRUE(choose({}, {}).empty()); }

TEST(Choice, KeepsTheJoinedOneWhereItIsSurer) {
  EXPECT_THAT(choose({2, 2, -1}, {0.7F, 0.2F, 0.8F}), ElementsAre(0, 0, 1));
}

TEST(Choice, KeepsThePartsWhereOneOfThemIsSurer) {
  EXPECT_THAT(choose({2, 2, -1}, {0.9F, 0.2F, 0.8F}), ElementsAre(1, 1, 0));
}

TEST(Choice, KeepsThePartsWhereTogetherTheyAreSurer) {
  EXPECT_THAT(choose({2, 2, -1}, {0.85F, 0.85F, 0.9F}), ElementsAre(1, 1, 0));
  EXPECT_THAT(choose({2, 2, -1}, {0.8F, 0.8F, 0.9F}), ElementsAre(0, 0, 1));
}

TEST(Choice, KeepsTheLargerOfEquals) { EXPECT_THAT(choose({2, 2, -1}, {0.8F, 0.0F, 0.8F}), ElementsAre(0, 0, 1)); }

// 0 and 1 make 2, which with 3 makes 4.
TEST(Choice, GoesDownAsFarAsItIsSurer) {
  EXPECT_THAT(choose({2, 2, 4, 4, -1}, {0.6F, 0.5F, 0.9F, 0.1F, 0.8F}), ElementsAre(0, 0, 1, 1, 0));
  EXPECT_THAT(choose({2, 2, 4, 4, -1}, {0.6F, 0.5F, 0.7F, 0.1F, 0.8F}), ElementsAre(0, 0, 0, 0, 1));
  EXPECT_THAT(choose({2, 2, 4, 4, -1}, {0.95F, 0.5F, 0.9F, 0.1F, 0.8F}), ElementsAre(1, 1, 0, 1, 0));
}

TEST(Choice, LeavesNoPlaceOut) {
  // However they are scored, something of every place stays.
  for (int scores = 0; scores < 32; ++scores) {
    std::vector<float> surely(5);
    for (int i = 0; i < 5; ++i) surely[static_cast<std::size_t>(i)] = (scores >> i & 1) != 0 ? 0.9F : 0.1F;
    const std::vector<int> chosen = choose({2, 2, 4, 4, -1}, surely);
    EXPECT_TRUE(chosen[4] != 0 || (chosen[3] != 0 && (chosen[2] != 0 || (chosen[0] != 0 && chosen[1] != 0))));
    EXPECT_LE(chosen[4] + chosen[3], 1);
    EXPECT_LE(chosen[4] + chosen[2] + chosen[0], 1);
  }
}

TEST(Choice, TakesARegionThatIsNoReadingForOneThatIsNotThere) {
  constexpr float kNone = RegionChoice::kNoRegion;
  EXPECT_THAT(choose({2, 2, -1}, {0.0F, 0.0F, kNone}), ElementsAre(1, 1, 0));
  EXPECT_THAT(choose({2, 2, -1}, {0.7F, kNone, 0.8F}), ElementsAre(0, 0, 1));
  EXPECT_THAT(choose({2, 2, -1}, {0.9F, kNone, 0.8F}), ElementsAre(1, 0, 0));
  // What it was joined of counts in what it is within.
  EXPECT_THAT(choose({2, 2, 4, 4, -1}, {0.9F, 0.1F, kNone, 0.1F, 0.8F}), ElementsAre(1, 1, 0, 1, 0));
  EXPECT_THAT(choose({2, 2, 4, 4, -1}, {0.7F, 0.1F, kNone, 0.1F, 0.8F}), ElementsAre(0, 0, 0, 0, 1));
}

}  // namespace
}  // namespace capillaryx
