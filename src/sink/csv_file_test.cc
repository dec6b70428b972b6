// SPDX-License-Identifier: Apache-2.0
#include "sink/csv_file.h"

#include <gtest/gtest.h>

#include <string>

namespace capillaryx {
namespace {

std::string cell(const std::string& text) {
  std::string row;
  append_text_cell(row, text);
  return row;
}

TEST(TextCell, IsQuotedIfAnySpreadsheetWouldSplitIt) {
  EXPECT_EQ(cell("frame 1.png"), "frame 1.png");
  EXPECT_EQ(cell("a,b"), "\"a,b\"");
  EXPECT_EQ(cell("a;b"), "\"a;b\"");
  EXPECT_EQ(cell("a\tb"), "\"a\tb\"");
  EXPECT_EQ(cell("say \"so\""), "\"say \"\"so\"\"\"");
}

TEST(TextCell, IsNoFormulaWhicheverTheSeparator) {
  EXPECT_EQ(cell("=1+1"), "\"'=1+1\"");
  EXPECT_EQ(cell("-1"), "\"'-1\"");
  EXPECT_EQ(cell("a;=1+1"), "\"a;'=1+1\"");
  EXPECT_EQ(cell("a,@x\t+y"), "\"a,'@x\t'+y\"");
  EXPECT_EQ(cell("a;\"=1+1"), "\"a;\"\"'=1+1\"");
  EXPECT_EQ(cell("a-b=c"), "a-b=c");
}

TEST(CsvSeparator, GoesByItsName) {
  EXPECT_EQ(csv_separator(","), ',');
  EXPECT_EQ(csv_separator(";"), ';');
  EXPECT_EQ(csv_separator("tab"), '\t');
}

}  // namespace
}  // namespace capillaryx
