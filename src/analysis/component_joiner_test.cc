// SPDX-License-Identifier: Apache-2.0
#include "analysis/component_joiner.h"

#include <gtest/gtest.h>

#include <string>

namespace capillaryx {
namespace {

// Rows of blocks: '#' in a component, '.' where a way may lead, ' ' elsewhere.
std::vector<std::string> joined(std::vector<std::string> rows) {
  BlockWindow window;
  window.set(0, 0, static_cast<int>(rows[0].size()), static_cast<int>(rows.size()));
  std::vector<std::uint8_t> region, mask;
  for (const std::string& row : rows) {
    for (const char block : row) {
      region.push_back(block != ' ');
      mask.push_back(block == '#');
    }
  }
  ComponentJoiner().join(window, region, mask);
  std::size_t i = 0;
  for (std::string& row : rows) {
    for (char& block : row) {
      if (mask[i++] != 0) block = '#';
    }
  }
  return rows;
}

using Rows = std::vector<std::string>;

TEST(ComponentJoiner, LeavesOneComponentAndNoneAsTheyAre) {
  const Rows one = {"      ", " .##. ", " .##. ", "      "}, none = {"    ", " .. ", "    "};
  EXPECT_EQ(joined(one), one);
  EXPECT_EQ(joined(none), none);
}

TEST(ComponentJoiner, JoinsTwoByTheShortestWay) {
  EXPECT_EQ(joined({"           ", " ##.....   ", " ##...###  ", " .....###  ", "           "}),
            (Rows{"           ", " ##.....   ", " ########  ", " .....###  ", "           "}));
}

TEST(ComponentJoiner, GoesRoundWhereTheStraightWayLiesOutside) {
  EXPECT_EQ(joined({"         ", " ## ##   ", " ## ##   ", " .....   ", "         "}),
            (Rows{"         ", " ## ##   ", " ## ##   ", " .###.   ", "         "}));
}

TEST(ComponentJoiner, TakesArmsThatMeetInALaterRowForOneComponent) {
  const Rows arms = {"           ", " #...#...# ", " #.#.#.#.# ", " #.#.#.#.# ",
                     " ###...### ", " ..#####.. ", "           "};
  EXPECT_EQ(joined(arms), arms);
  // Corners part components.
  EXPECT_EQ(joined({"        ", " ##..   ", " ##..   ", " ..##   ", " ..##   ", "        "}),
            (Rows{"        ", " ##..   ", " ###.   ", " ..##   ", " ..##   ", "        "}))
      << "a corner parts them";
}

TEST(ComponentJoiner, LeavesSpecksAndWhatNoWayLeadsTo) {
  const Rows speck = {"          ", " ###...#. ", " ###..... ", "          "};
  EXPECT_EQ(joined(speck), speck) << "a sixth";
  const Rows apart = {"        ", " ## ##  ", " ## ##  ", "        "};
  EXPECT_EQ(joined(apart), apart);
}

TEST(ComponentJoiner, JoinsAChainOfThreeWhicheverComesFirst) {
  const Rows chain = {"            ", " ##..###.## ", " ##..###.## ", "            "};
  EXPECT_EQ(joined(chain), (Rows{"            ", " ########## ", " ##..###.## ", "            "}));
}

TEST(ComponentJoiner, DoesTheSameInMemoryThatHeldAnother) {
  ComponentJoiner joiner;
  for (int round = 0; round < 2; ++round) {
    BlockWindow window;
    window.set(0, 0, 7, 3);
    std::vector<std::uint8_t> region(21), mask(21);
    for (const int i : {8, 9, 10, 11, 12}) region[static_cast<std::size_t>(i)] = 1;
    mask[8] = mask[12] = 1;
    joiner.join(window, region, mask);
    EXPECT_EQ(mask[10], 1) << round;
    window.set(0, 0, 12, 6);
    region.assign(72, 0);
    mask.assign(72, 0);
    joiner.join(window, region, mask);
  }
}

}  // namespace
}  // namespace capillaryx
