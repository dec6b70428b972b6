// SPDX-License-Identifier: Apache-2.0
#include "analysis/doubts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "analysis/proposer.h"
#include "analysis/test_frames.h"

namespace capillaryx {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const Findings kUsual{.places = {.dark = 0.05, .bright = 0.002},
                      .regions = 60,
                      .undecided = 8,
                      .capillaries = 50,
                      .typical_width_px = 20};

std::vector<std::string> doubts(const Findings& findings) {
  std::vector<std::string> notes;
  add_doubts(findings, notes);
  return notes;
}

// Tissue with lines, by which it is `shade` grey values brighter.
StandingOut of_lines(float shade, float level = 150) {
  test::Canvas canvas(640, 480, {level, level, level});
  canvas.add([&](double x, double) { return std::abs(std::fmod(x, 80) - 40) < 5 ? shade : 0.0F; }).add_noise(2);
  Proposer proposer;
  proposer.propose(canvas.picture().view(), Options{});
  return standing_out(proposer.darkness);
}

TEST(Doubts, AreNoneOfAUsualFrameNorOfOneWithoutCapillaries) {
  EXPECT_THAT(doubts(kUsual), IsEmpty());
  EXPECT_THAT(doubts({}), IsEmpty());
  EXPECT_THAT(doubts({.places = {.dark = 0.01, .bright = 0.012}, .regions = 30}), IsEmpty());
}

TEST(Doubts, SayThatVesselsAreBrighterThanTissue) {
  Findings findings = kUsual;
  findings.places = of_lines(25);
  EXPECT_GT(findings.places.bright, 0.05);
  EXPECT_THAT(doubts(findings), ElementsAre(StartsWith("the picture may be inverted")));
}

TEST(Doubts, TakeNeitherDarkVesselsNorGlareForAnInvertedPicture) {
  EXPECT_GT(of_lines(-25).dark, 0.05);
  EXPECT_LT(of_lines(-25).bright, 0.01);
  EXPECT_LT(of_lines(200).bright, 0.01);
}

TEST(Doubts, SayThatHardlyAnyOfManyRegionsIsACapillary) {
  Findings findings = kUsual;
  findings.regions = 120;
  findings.capillaries = 4;
  EXPECT_THAT(doubts(findings), ElementsAre(StartsWith("hardly any region is taken for a capillary")));
}

TEST(Doubts, SayThatTheNetworkIsUndecided) {
  Findings findings = kUsual;
  findings.undecided = 25;
  EXPECT_THAT(doubts(findings), ElementsAre(StartsWith("the network is undecided")));
  findings.regions = 5;
  EXPECT_THAT(doubts(findings), IsEmpty());
}

TEST(Doubts, SayThatVesselsAreTooNarrowOrTooWide) {
  Findings findings = kUsual;
  for (const double width : {6.0, 60.0}) {
    findings.typical_width_px = width;
    EXPECT_THAT(doubts(findings), ElementsAre(StartsWith("vessel width out of range")));
  }
  findings.capillaries = 3;
  findings.regions = 20;
  findings.undecided = 0;
  EXPECT_THAT(doubts(findings), IsEmpty());
}

}  // namespace
}  // namespace capillaryx
