// SPDX-License-Identifier: Apache-2.0
#include "analysis/rois.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/proposer.h"
#include "analysis/tails.h"
#include "analysis/test_frames.h"

namespace capillaryx {
namespace {

using test::Canvas;
using test::kBlood;
using test::kSkin;

struct Found {
  Darkness darkness;
  Rois rois;
};

Found find_in(const test::Picture& picture, const Options& options = {}) {
  Proposer proposer;
  proposer.propose(picture.view(), options);
  return {std::move(proposer.darkness), std::move(proposer.found)};
}

std::size_t count_in(const Canvas& canvas) { return find_in(canvas.picture()).rois.rois.size(); }

// Of several readings of a place: those that were joined of nothing else, and those that are within no other.
std::size_t count_parts(const Rois& rois) {
  std::set<int> joined;
  for (const Roi& roi : rois.rois) joined.insert(roi.within);
  joined.erase(-1);
  return rois.rois.size() - joined.size();
}
std::size_t count_wholes(const Rois& rois) {
  return static_cast<std::size_t>(
      std::count_if(rois.rois.begin(), rois.rois.end(), [](const Roi& roi) { return roi.within < 0; }));
}

Canvas skin(int width = 480, int height = 360) { return {width, height, kSkin}; }

TEST(Rois, AreNoneOnFeaturelessFrames) {
  EXPECT_EQ(count_in(Canvas(480, 360, {0, 0, 0})), 0U) << "black";
  EXPECT_EQ(count_in(Canvas(480, 360, {255, 255, 255})), 0U) << "white";
  EXPECT_EQ(count_in(Canvas(480, 360, {128, 128, 128})), 0U) << "mid-grey";
  EXPECT_EQ(count_in(skin()), 0U) << "skin";
  for (const double sigma : {1.0, 3.0, 6.0, 12.0}) {
    for (unsigned seed = 1; seed <= 3; ++seed) {
      EXPECT_EQ(count_in(skin(960, 540).add_noise(sigma, seed)), 0U) << "noise " << sigma << " seed " << seed;
    }
  }
  const auto gradient = [](double x, double y) { return 0.08 * x - 0.05 * y; };
  EXPECT_EQ(count_in(skin().add(gradient)), 0U) << "gradient";
  EXPECT_EQ(count_in(skin().add(gradient).add_noise(3)), 0U) << "gradient with noise";
  EXPECT_EQ(count_in(skin().add([](double x, double y) { return x + y > 500 ? 200 : 130; })), 0U) << "saturated";
}

TEST(Rois, AreNoneOnAFrameDefocusedBeyondUse) {
  Canvas canvas = skin();
  canvas.darken(test::vessel({{100, 100}, {140, 120}}, 45, 12), kBlood);
  canvas.darken(test::vessel({{320, 220}, {330, 260}}, 50, 12), kBlood);
  EXPECT_EQ(count_in(canvas.add_noise(2)), 0U);
}

TEST(Rois, AreOneForEachVesselAndHoldIt) {
  Canvas canvas = skin(640, 480);
  const std::pair<double, double> places[] = {{100, 150}, {300, 150}, {520, 160}, {120, 380}, {330, 400}, {540, 390}};
  for (const auto& [x, y] : places) canvas.darken(test::vessel(test::hairpin(x, y, 16, 50), 3.5, 25), kBlood);
  const Rois rois = find_in(canvas.add_noise(2).picture()).rois;
  ASSERT_EQ(rois.rois.size(), 6U);
  for (const auto& [x, y] : places) {
    const auto holds = [&, px = x, py = y](const Roi& roi) {
      return roi.x < px - 8 && roi.x + roi.width > px + 8 && roi.y < py - 40 && roi.y + roi.height > py - 5 &&
             roi.width < 60 && roi.height < 85;
    };
    EXPECT_EQ(std::count_if(rois.rois.begin(), rois.rois.end(), holds), 1) << x << ' ' << y;
  }
}

TEST(Rois, AreFoundOnPaleDarkAndTintedFrames) {
  for (const auto& [tone, depth] :
       {std::pair{std::array<float, 3>{215, 205, 200}, 10.0}, {{60, 45, 25}, 9.0}, {{120, 130, 60}, 12.0}}) {
    Canvas canvas(480, 360, tone);
    canvas.darken(test::vessel(test::hairpin(150, 200, 16, 50), 3.5, depth), kBlood);
    canvas.darken(test::vessel({{300, 150}, {340, 170}}, 4, depth), kBlood);
    EXPECT_EQ(count_in(canvas.add_noise(1.5)), 2U) << tone[0];
  }
}

TEST(Rois, AreFoundOnGreyFrames) {
  Canvas canvas = skin();
  canvas.darken(test::vessel({{300, 150}, {340, 170}}, 4, 20), kBlood);
  EXPECT_EQ(find_in(canvas.add_noise(2).picture(1)).rois.rois.size(), 1U);
}

TEST(Rois, TwoThatTouchAreProposedAsTwoAndAsOne) {
  Canvas canvas = skin();
  canvas.darken(test::vessel({{180, 130}, {180, 220}}, 6, 30), kBlood);
  canvas.darken(test::vessel({{201, 130}, {201, 220}}, 6, 24), kBlood);
  const Rois rois = find_in(canvas.add_noise(1.5).picture()).rois;
  EXPECT_EQ(count_parts(rois), 2U);
  ASSERT_EQ(rois.rois.size(), 3U);
  EXPECT_EQ(count_wholes(rois), 1U);
  for (const Roi& roi : rois.rois) {
    if (roi.within < 0) {
      EXPECT_GT(roi.cohesion, Options{}.split_ratio);
      EXPECT_LT(roi.cohesion, 1);
      EXPECT_GT(roi.width, 40);
    } else {
      EXPECT_EQ(roi.cohesion, 1);
      EXPECT_LT(roi.width, 40);
    }
  }
}

TEST(Rois, TwoThatHardlyTouchAreTwoAlone) {
  Canvas canvas = skin();
  canvas.darken(test::vessel({{170, 130}, {170, 220}}, 5, 30), kBlood);
  canvas.darken(test::vessel({{204, 130}, {204, 220}}, 5, 30), kBlood);
  const Rois rois = find_in(canvas.add_noise(1.5).picture()).rois;
  EXPECT_EQ(rois.rois.size(), 2U);
  EXPECT_EQ(count_wholes(rois), 2U);
}

TEST(Rois, OneThatWindsIsOne) {
  test::Line line;
  for (int i = 0; i <= 40; ++i) line.emplace_back(150 + 2.5 * i, 180 + 18 * std::sin(i * 0.45));
  for (const double noise : {1.0, 3.0}) {
    Canvas canvas = skin();
    canvas.darken(test::vessel(line, 4, 30), kBlood);
    EXPECT_EQ(count_in(canvas.add_noise(noise)), 1U) << noise;
  }
}

TEST(Rois, OneThatFadesToHalfAlongItsWayIsOne) {
  Canvas canvas = skin();
  const auto depth = test::vessel({{150, 180}, {230, 190}}, 4, 1);
  canvas.darken([&](double x, double y) { return depth(x, y) * (40 - 20 * std::clamp((x - 150) / 80, 0.0, 1.0)); },
                kBlood);
  EXPECT_EQ(count_in(canvas.add_noise(1.5)), 1U);
}

// Skin with `unrest` grey values of unevenness that is no structure of a vessel's size.
Canvas restless_skin(double unrest) {
  return skin(960, 540).add([unrest](double x, double y) {
    return unrest * (std::sin(x / 24) * std::cos(y / 29) + std::sin((x + y) / 31 + 1) * std::cos((x - y) / 26));
  });
}

TEST(Rois, FaintOnesAreFoundOnRestlessSkinWhereTheyArePlainlyDarker) {
  Canvas canvas = restless_skin(7);
  canvas.darken(test::vessel({{300, 230}, {340, 250}}, 4.5, 7), kBlood);
  const Found found = find_in(canvas.add_noise(1).picture());
  const auto is_vessel = [](const Roi& roi) {
    return std::abs(roi.peak_x - 320) < 30 && std::abs(roi.peak_y - 240) < 20;
  };
  const auto vessel = std::find_if(found.rois.rois.begin(), found.rois.rois.end(), is_vessel);
  ASSERT_NE(vessel, found.rois.rois.end());
  EXPECT_LT(vessel->darkness, 3.5 * static_cast<double>(found.darkness.robust_sd))
      << "or the skin is not restless enough to show anything";
  EXPECT_GT(vessel->darkness / found.darkness.level, 0.06) << "of optical density: plainly darker than skin";
}

TEST(Rois, AreConnectedDarkComponentsWhereNothingSplits) {
  // With a split ratio of 0 nothing splits, and without a foot regions are the components of a threshold.
  Options options;
  options.split_ratio = 0;
  options.foot_ratio = 0;
  const Found found = find_in(test::tissue(600, 400, 14), options);
  const Darkness& d = found.darkness;
  const int lowest =
      static_cast<int>(options.region_darkness * static_cast<double>(d.robust_sd) * Darkness::kFineOne + 0.5);
  std::vector<int> component(d.smooth.size(), -1), areas;
  for (int start = 0; start < d.width * d.height; ++start) {
    if (component[static_cast<std::size_t>(start)] >= 0 || d.smooth[static_cast<std::size_t>(start)] < lowest) continue;
    std::vector<int> stack{start};
    component[static_cast<std::size_t>(start)] = static_cast<int>(areas.size());
    areas.push_back(0);
    while (!stack.empty()) {
      const int p = stack.back();
      stack.pop_back();
      ++areas.back();
      for (int y = std::max(p / d.width - 1, 0); y <= std::min(p / d.width + 1, d.height - 1); ++y) {
        for (int x = std::max(p % d.width - 1, 0); x <= std::min(p % d.width + 1, d.width - 1); ++x) {
          const auto q = static_cast<std::size_t>(y * d.width + x);
          if (component[q] >= 0 || d.smooth[q] < lowest) continue;
          component[q] = static_cast<int>(areas.size()) - 1;
          stack.push_back(y * d.width + x);
        }
      }
    }
  }
  ASSERT_GT(found.rois.rois.size(), 5U);
  const auto rows_of = [&](int c) {
    std::vector<capillaryx::Run> rows;
    for (int i = 0; i < d.width * d.height; ++i) {
      if (component[static_cast<std::size_t>(i)] != c) continue;
      const int x = i % d.width, y = i / d.width;
      if (!rows.empty() && rows.back().y == y && rows.back().x + rows.back().length == x) {
        ++rows.back().length;
      } else {
        rows.push_back({x, y, 1});
      }
    }
    return rows;
  };
  std::set<int> seen;
  TailCutter tails;
  for (const Roi& roi : found.rois.rois) {
    const int c = component[static_cast<std::size_t>(roi.peak_y / 2 * d.width + roi.peak_x / 2)];
    EXPECT_TRUE(seen.insert(c).second);
    int area = areas[static_cast<std::size_t>(c)];
    std::vector<capillaryx::Run> left_over;
    if (tails.cut(rows_of(c), left_over)) {
      area = 0;
      for (const capillaryx::Run& run : left_over) area += run.length;
    }
    EXPECT_EQ(roi.area_px, 4 * area);
  }
}

TEST(Rois, BoxAreaAndRunsTellTheSameAndAPixelIsInOneAndWhatThatIsWithin) {
  const Rois rois = find_in(test::tissue(701, 533, 18)).rois;
  ASSERT_GT(rois.rois.size(), 5U);
  ASSERT_LT(count_wholes(rois), rois.rois.size()) << "some must be joined";
  std::map<std::pair<int, int>, std::set<int>> taken;
  for (std::size_t place = 0; place < rois.rois.size(); ++place) {
    const Roi& roi = rois.rois[place];
    int area = 0, x0 = 1 << 20, y0 = 1 << 20, x1 = 0, y1 = 0;
    bool peak = false;
    for (int i = roi.first_run; i < roi.first_run + roi.run_count; ++i) {
      const capillaryx::Run& run = rois.runs[static_cast<std::size_t>(i)];
      area += run.length;
      x0 = std::min(x0, run.x);
      x1 = std::max(x1, run.x + run.length);
      y0 = std::min(y0, run.y);
      y1 = std::max(y1, run.y + 1);
      peak = peak || (run.y == roi.peak_y && run.x <= roi.peak_x && roi.peak_x < run.x + run.length);
      for (int x = run.x; x < run.x + run.length; ++x) taken[{x, run.y}].insert(static_cast<int>(place));
    }
    EXPECT_EQ(area, roi.area_px);
    EXPECT_THAT((std::vector{x0, y0, x1 - x0, y1 - y0}), ::testing::ElementsAre(roi.x, roi.y, roi.width, roi.height));
    EXPECT_TRUE(peak);
    EXPECT_GE(roi.darkness, roi.mean_darkness);
    EXPECT_GE(roi.x, 0);
    EXPECT_LE(roi.x + roi.width, 701);
    EXPECT_LE(roi.y + roi.height, 533);
  }
  // Those of a pixel are a chain.
  for (const auto& [pixel, regions] : taken) {
    const auto goes_on = [&](int region) {
      const int around = rois.rois[static_cast<std::size_t>(region)].within;
      return regions.count(around) > 0;
    };
    EXPECT_EQ(static_cast<std::size_t>(std::count_if(regions.begin(), regions.end(), goes_on)), regions.size() - 1)
        << pixel.first << ' ' << pixel.second;
  }
}

TEST(Rois, OneThatFadesInTheMiddleToAThirdIsOneWhereItsPiecesAreSmall) {
  // A hairpin seen end on: two dark spots and a faint bridge.
  Canvas canvas = skin();
  canvas.darken(test::vessel({{200, 180}, {200, 186}}, 4, 40), kBlood);
  canvas.darken(test::vessel({{218, 180}, {218, 186}}, 4, 40), kBlood);
  canvas.darken(test::vessel({{202, 182}, {216, 182}}, 3, 14), kBlood);
  EXPECT_EQ(count_in(canvas.add_noise(1)), 1U);
}

TEST(Rois, DarkOnesAreFoundWhereALongFaintLineTouchesThem) {
  Canvas canvas = skin(800, 360);
  canvas.darken(test::vessel({{20, 185}, {780, 190}}, 3, 14), kBlood);
  canvas.darken(test::vessel({{250, 150}, {250, 188}}, 5, 50), kBlood);
  canvas.darken(test::vessel({{520, 150}, {530, 190}}, 5, 45), kBlood);
  const Rois rois = find_in(canvas.add_noise(1).picture()).rois;
  ASSERT_EQ(rois.rois.size(), 2U);
  for (const Roi& roi : rois.rois) {
    EXPECT_LT(roi.width, 60);
    EXPECT_GT(roi.height, 30);
  }
}

TEST(Rois, TooLongOnesAreLeftOut) {
  Canvas canvas = skin(800, 360);
  canvas.darken(test::vessel({{50, 180}, {750, 190}}, 4, 40), kBlood);
  EXPECT_EQ(count_in(canvas.add_noise(1)), 0U);
}

TEST(Rois, OfTooManyTheDarkestStayInTheirOrder) {
  const test::Picture picture = test::tissue(900, 600, 30);
  const Rois all = find_in(picture).rois;
  ASSERT_GT(all.rois.size(), 10U);
  Options options;
  options.max_rois = 7;
  const Rois some = find_in(picture, options).rois;
  ASSERT_EQ(some.rois.size(), 7U);
  float faintest = 1e9F;
  for (const Roi& roi : some.rois) faintest = std::min(faintest, roi.darkness);
  const auto darker =
      std::count_if(all.rois.begin(), all.rois.end(), [&](const Roi& r) { return r.darkness > faintest; });
  EXPECT_LE(darker, 7);
  for (std::size_t i = 1; i < some.rois.size(); ++i) {
    EXPECT_LE(some.runs[static_cast<std::size_t>(some.rois[i - 1].first_run)].y,
              some.runs[static_cast<std::size_t>(some.rois[i].first_run)].y);
  }
}

TEST(Rois, AreTheSameInMemoryThatHeldAnotherFrame) {
  Proposer proposer;
  const Rois& used = proposer.found;
  for (const auto& picture :
       {test::tissue(900, 700, 20, 5), test::tissue(500, 420, 8, 6), test::tissue(640, 480, 9, 7)}) {
    proposer.propose(picture.view(), {});
    const Rois fresh = find_in(picture).rois;
    ASSERT_EQ(used.rois.size(), fresh.rois.size());
    for (std::size_t i = 0; i < fresh.rois.size(); ++i) {
      EXPECT_EQ(used.rois[i].area_px, fresh.rois[i].area_px);
      EXPECT_EQ(used.rois[i].darkness, fresh.rois[i].darkness);
      EXPECT_EQ(used.rois[i].x, fresh.rois[i].x);
      EXPECT_EQ(used.rois[i].y, fresh.rois[i].y);
    }
  }
}

}  // namespace
}  // namespace capillaryx
