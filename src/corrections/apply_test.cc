// SPDX-License-Identifier: Apache-2.0
#include "corrections/apply.h"

#include <gmock/gmock.h>

#include <initializer_list>

namespace capillaryx {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

std::vector<float> square(float x, float y, float side) { return {x, y, x + side, y, x + side, y + side, x, y + side}; }

/// Three capillaries of 10 x 10 px, ids 1 to 3.
std::vector<ReviewedShape> three() {
  std::vector<ReviewedShape> shapes;
  for (int id = 1; id <= 3; ++id) {
    shapes.push_back({id, square(static_cast<float>(20 * id), 20, 10), 100, 0.9, false, false});
  }
  return shapes;
}

json record(int seq, const char* what, std::initializer_list<int> ids, json fresh = json::object()) {
  return {
      {"seq", seq}, {"what", what}, {"ids", std::vector<int>(ids)}, {"old", json::object()}, {"new", std::move(fresh)}};
}

json shapes(std::initializer_list<std::pair<int, std::vector<float>>> made) {
  json list = json::array();
  for (const auto& [id, points] : made) list.push_back({id, points});
  return {{"shapes", list}};
}

std::vector<std::int64_t> ids_of(const Reviewed& reviewed) {
  std::vector<std::int64_t> ids;
  for (const ReviewedShape& each : reviewed.shapes) ids.push_back(each.id);
  return ids;
}

TEST(PixelsInside, CountsThoseWhoseMiddlesAreInside) {
  EXPECT_EQ(pixels_inside(square(3, 5, 10)), 100);
  EXPECT_EQ(pixels_inside({3.4F, 5.4F, 4.4F, 5.4F, 4.4F, 6.4F, 3.4F, 6.4F}), 1);
  EXPECT_EQ(pixels_inside({0, 0, 10, 0, 0, 10}), 45) << "a middle on the line lies on one side of it";
  // A ring: the outer square, a seam, the inner square.
  EXPECT_EQ(pixels_inside({0, 0, 10, 0, 10, 10, 0, 10, 0, 0, 3, 3, 3, 7, 7, 7, 7, 3, 3, 3}), 100 - 16);
}

TEST(Corrections, WithoutAnyLeaveTheResultAsItIs) {
  const Reviewed reviewed = apply_corrections(three(), {});
  EXPECT_THAT(ids_of(reviewed), ElementsAre(1, 2, 3));
  EXPECT_EQ(reviewed.count(), 3);
  EXPECT_DOUBLE_EQ(*reviewed.density(10'000, 100, 100), 0.03);
}

TEST(Corrections, RemoveAddEditSplitAndMerge) {
  const Reviewed reviewed =
      apply_corrections(three(), {record(1, "remove", {1}), record(2, "add", {}, shapes({{4, square(70, 70, 4)}})),
                                  record(3, "edit", {2}, shapes({{2, square(40, 20, 5)}})),
                                  record(4, "split", {3}, shapes({{5, square(60, 20, 4)}, {6, square(65, 20, 4)}})),
                                  record(5, "merge", {5, 6}, shapes({{7, square(60, 20, 8)}}))});
  EXPECT_THAT(ids_of(reviewed), ElementsAre(2, 4, 7));
  EXPECT_EQ(reviewed.count(), 3);
  EXPECT_DOUBLE_EQ(*reviewed.density(10'000, 100, 100), (25 + 16 + 64) / 10'000.0);
  EXPECT_EQ(reviewed.corrections, 5);
}

TEST(Corrections, ThatWereUndoneDoNotHoldUntilTheyAreRedone) {
  std::vector<json> records{record(1, "remove", {1}), record(2, "remove", {2}), record(3, "undo", {}, {{"of", 1}})};
  EXPECT_THAT(ids_of(apply_corrections(three(), records)), ElementsAre(1, 3));
  records.push_back(record(4, "redo", {}, {{"of", 1}}));
  EXPECT_THAT(ids_of(apply_corrections(three(), records)), ElementsAre(3));
}

TEST(Corrections, AmbiguousCapillariesStayButDoNotCount) {
  std::vector<json> records{record(1, "ambiguous", {1, 2}, {{"ambiguous", true}})};
  EXPECT_EQ(apply_corrections(three(), records).count(), 1);
  records.push_back(record(2, "ambiguous", {2}, {{"ambiguous", false}}));
  records.push_back(record(3, "edit", {1}, shapes({{1, square(20, 20, 5)}})));
  const Reviewed reviewed = apply_corrections(three(), records);
  EXPECT_EQ(reviewed.count(), 2) << "an edited one stays ambiguous";
  EXPECT_EQ(reviewed.shapes.size(), 3U);
}

TEST(Corrections, ExcludedAreasTakeTheirPixelsOnceAndTheirCapillaries) {
  const std::vector<float> left{0, 0, 35, 0, 35, 100, 0, 100};
  const std::vector<float> overlapping{30, 0, 50, 0, 50, 100, 30, 100};
  const std::vector<json> records{record(1, "exclude", {}, {{"reason", "glare"}, {"area", left}}),
                                  record(2, "exclude", {}, {{"reason", "hair"}, {"area", overlapping}})};
  const Reviewed reviewed = apply_corrections(three(), records);
  EXPECT_EQ(reviewed.count(), 1) << "those at 25 and 45 px are in an area";
  EXPECT_FALSE(reviewed.excluded);
  EXPECT_DOUBLE_EQ(*reviewed.density(10'000, 100, 100), 100.0 / 5'000);
}

TEST(Corrections, AFrameIsExcludedAndIncludedWithTheLastReason) {
  std::vector<json> records{record(1, "exclude", {}, {{"reason", "wrong person"}})};
  Reviewed reviewed = apply_corrections(three(), records);
  EXPECT_TRUE(reviewed.excluded);
  EXPECT_EQ(reviewed.reason, "wrong person");
  records.push_back(record(2, "include", {}, {{"reason", "it is him"}}));
  reviewed = apply_corrections(three(), records);
  EXPECT_FALSE(reviewed.excluded);
  EXPECT_TRUE(reviewed.included);
  EXPECT_EQ(reviewed.reason, "it is him");
}

TEST(Corrections, NoValidPixelsGiveNoDensity) { EXPECT_FALSE(apply_corrections(three(), {}).density(0, 100, 100)); }

}  // namespace
}  // namespace capillaryx
