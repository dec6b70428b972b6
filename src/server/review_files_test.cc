// SPDX-License-Identifier: Apache-2.0
#include "server/review_files.h"

#include <gmock/gmock.h>

#include <string>

namespace capillaryx {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ReviewFiles, PageNamesTheScriptAndTheStyleThatComeWithIt) {
  const std::string page(review_files().front().content);
  EXPECT_THAT(page, StartsWith("<!doctype html>"));
  for (const FrontendFile& file : review_files().subspan(1)) {
    EXPECT_THAT(page, HasSubstr("\"/" + std::string(file.name) + "\""));
    EXPECT_GT(file.content.size(), 1000U);
  }
}

TEST(ReviewFiles, ScriptAndStyleAreUnderHalfAMegabyte) {
  EXPECT_LT(review_files()[1].content.size() + review_files()[2].content.size(), 500'000U);
}

}  // namespace
}  // namespace capillaryx
