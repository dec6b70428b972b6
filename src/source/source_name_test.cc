// SPDX-License-Identifier: Apache-2.0
#include "source/source_name.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace capillaryx {
namespace {

TEST(SourceName, LeavesUtf8AsItIs) {
  for (const char* const name :
       {"a b/f'1\".png", "line\nbreak.png", "häm-μ-血管-🔬.png", "100%.png", "50% off.png", "%", "%a", "%2"}) {
    EXPECT_EQ(source_name(name), name);
  }
}

TEST(SourceName, WritesBytesThatAreNotUtf8AsHex) {
  EXPECT_EQ(source_name("a\xff"
                        "b.png"),
            "a%FFb.png");
  EXPECT_EQ(source_name("\xc3("), "%C3(");                     // truncated
  EXPECT_EQ(source_name("\xc0\xaf"), "%C0%AF");                // longer than needed
  EXPECT_EQ(source_name("\xed\xa0\x80"), "%ED%A0%80");         // a surrogate
  EXPECT_EQ(source_name("\xf4\x90\x80\x80"), "%F4%90%80%80");  // above U+10FFFF
  EXPECT_EQ(source_name("\xe2\x82"), "%E2%82");
}

TEST(SourceName, KeepsDifferentPathsDifferent) {
  EXPECT_EQ(source_name("a%FFb.png"), "a%25FFb.png");
  std::set<std::string> names;
  std::vector<std::string> paths = {""};
  // All paths of up to five of these bytes.
  for (std::size_t done = 0; done < paths.size(); ++done) {
    if (paths[done].size() == 5) break;
    for (const char* const byte : {"%", "2", "5", "F", "\xff", "\xc3", "\xa4"}) paths.push_back(paths[done] + byte);
  }
  for (const std::string& path : paths) EXPECT_TRUE(names.insert(source_name(path)).second) << source_name(path);
}

TEST(NaturalLess, ComparesRunsOfDigitsAsNumbers) {
  const std::vector<std::string> ordered = {"",
                                            "a1b2",
                                            "a1b10",
                                            "a2",
                                            "a10",
                                            "f",
                                            "f01",
                                            "f1",
                                            "f2",
                                            "f10",
                                            "f010a",
                                            "f10a",
                                            "g",
                                            "z99999999999999999999999",
                                            "z100000000000000000000000"};
  std::vector<std::string> sorted = ordered;
  std::reverse(sorted.begin(), sorted.end());
  std::sort(sorted.begin(), sorted.end(), natural_less);
  EXPECT_EQ(sorted, ordered);
}

TEST(NaturalLess, IsAnOrder) {
  std::vector<std::string> names = {""};
  for (std::size_t done = 0; done < 100; ++done) {
    for (const char* const part : {"0", "1", "a", "10"}) names.push_back(names[done] + part);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& a : names) {
    for (const std::string& b : names) {
      ASSERT_EQ(natural_less(a, b) + natural_less(b, a), a == b ? 0 : 1) << a << " " << b;
    }
  }
}

TEST(DisplayName, WritesTheSignBeforeAPageAsACode) {
  EXPECT_EQ(display_name("a#1.png"), "a%231.png");
  EXPECT_EQ(display_name("a%23.png"), "a%2523.png");
}

TEST(LastParts, AreThoseOfAPathWithOrWithoutASlashAtItsEnd) {
  EXPECT_EQ(last_parts("/a/b/c/", 0), "");
  EXPECT_EQ(last_parts("/a/b/c/", 1), "c");
  EXPECT_EQ(last_parts("/a/b/c", 2), "b/c");
  EXPECT_EQ(last_parts("a/b", 9), "a/b");
  EXPECT_EQ(last_parts("c", 1), "c");
}

}  // namespace
}  // namespace capillaryx
