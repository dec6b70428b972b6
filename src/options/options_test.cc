// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/options.h"

#include <gmock/gmock.h>

#include <limits>
#include <set>

#include "capillaryx/error.h"
#include "options/options_json.h"

namespace capillaryx {
namespace {

using ::testing::HasSubstr;

std::string complaint(const std::string& text) {
  try {
    options_from_json_text(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "";
}

TEST(Options, DefaultsAreInRange) { EXPECT_NO_THROW(check_options(Options{})); }

TEST(Options, AValueOutOfRangeIsNamedWithItsRange) {
  Options options;
  options.min_score = 1.5;
  try {
    check_options(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_STREQ(error.what(), "min_score must lie between 0 and 1, not 1.5");
  }
}

TEST(Options, NotANumberIsOutOfRange) {
  Options options;
  options.timeout_s = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(check_options(options), Error);
  options = {};
  options.scale_um_per_px = std::numeric_limits<double>::infinity();
  EXPECT_THROW(check_options(options), Error);
}

TEST(Options, TheSmallestAreaMustNotPassTheLargest) {
  Options options;
  options.min_area_px = 100;
  options.max_area_px = 50;
  EXPECT_THROW(check_options(options), Error);
}

TEST(Options, EveryFieldHasANameOfItsOwnAndAKnownGroup) {
  std::set<std::string_view> names;
  const std::set<std::string_view> groups{"what", "how", "limits", "output", "study", "algorithm"};
  Options options;
  visit_fields(options, [&](const FieldInfo& info, const auto&) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_TRUE(groups.contains(info.group)) << info.group;
    EXPECT_FALSE(info.help.empty()) << info.name;
  });
}

TEST(OptionsJson, ComesBackAsItWent) {
  Options options;
  options.frames = 7;
  options.scale_um_per_px = 0.1;
  options.executor = ExecutorKind::kSerial;
  options.when_behind = WhenBehind::kDropOldest;
  options.model = "a \"quoted\" n\xC3\xA4me";
  options.sandbox = false;
  options.ssim_sigma_px = 1.5;
  const auto json = options_to_json(options);
  EXPECT_EQ(options_to_json(options_from_json_text(json.dump())), json);
  EXPECT_EQ(json["executor"], "serial");
  EXPECT_EQ(json["scale_um_per_px"], 0.1);
}

TEST(OptionsJson, TheRunLineKeepsOnlyWhatCanChangeResults) {
  const auto json = options_to_json(Options{}, OptionFields::kThatChangeResults);
  EXPECT_TRUE(json.contains("window_px"));
  EXPECT_TRUE(json.contains("scale_um_per_px"));
  EXPECT_FALSE(json.contains("workers"));
  EXPECT_FALSE(json.contains("executor"));
  EXPECT_FALSE(json.contains("overlays"));
}

TEST(OptionsJson, WhatIsLeftOutKeepsItsDefault) { EXPECT_EQ(options_from_json_text("{}").window_px, 120); }

TEST(OptionsJson, NamesWhatIsWrong) {
  EXPECT_THAT(complaint("{\"workerz\": 2}"), HasSubstr("workerz"));
  EXPECT_THAT(complaint("{\"workers\": \"2\"}"), HasSubstr("workers must be a whole number"));
  EXPECT_THAT(complaint("{\"workers\": 2.5}"), HasSubstr("workers must be a whole number"));
  EXPECT_THAT(complaint("{\"frames\": 18446744073709551615}"), HasSubstr("frames must be a whole number"));
  EXPECT_THAT(complaint("{\"sandbox\": 1}"), HasSubstr("sandbox must be true or false"));
  EXPECT_THAT(complaint("{\"executor\": \"fast\"}"), HasSubstr("executor"));
  EXPECT_THAT(complaint("{\"window_px\": 1}"), HasSubstr("window_px must lie between 16 and 4096"));
  EXPECT_THAT(complaint("[1]"), HasSubstr("object"));
  EXPECT_THAT(complaint("{"), HasSubstr("JSON"));
  EXPECT_THAT(complaint("{\"timeout_s\": 1e999}"), HasSubstr(""));
  EXPECT_NE(complaint("{\"timeout_s\": 1e999}"), "");
}

TEST(OptionsJson, DeepNestingIsAnErrorAndNoCrash) {
  EXPECT_NE(complaint(std::string(200'000, '[')), "");
  EXPECT_NE(complaint(std::string(200'000, '[') + std::string(200'000, ']')), "");
}

}  // namespace
}  // namespace capillaryx
