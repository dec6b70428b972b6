// SPDX-License-Identifier: Apache-2.0
#include "frontend/frontend.h"

#include <gmock/gmock.h>

#include <string>

namespace capillaryx {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Frontend, PageNamesTheScriptAndTheStyleThatComeWithIt) {
  const std::string page(report_page().content);
  EXPECT_THAT(page, StartsWith("<!doctype html>"));
  for (const FrontendFile& file : frontend_files().first(2)) {
    EXPECT_THAT(page, HasSubstr("\"report/" + std::string(file.name) + "\""));
    EXPECT_GT(file.content.size(), 1000U);
  }
}

TEST(Frontend, ScriptAndStyleAreUnderHalfAMegabyte) {
  EXPECT_LT(frontend_files()[0].content.size() + frontend_files()[1].content.size(), 500'000U);
}

TEST(Frontend, LicencesNameWhatTheScriptHolds) {
  const std::string licences(frontend_files()[2].content);
  for (const char* name : {"openseadragon", "preact", "source-sans"}) EXPECT_THAT(licences, HasSubstr(name));
}

}  // namespace
}  // namespace capillaryx
