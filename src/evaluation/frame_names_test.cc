// SPDX-License-Identifier: Apache-2.0
#include "evaluation/frame_names.h"

#include <gtest/gtest.h>

namespace capillaryx {
namespace {

TEST(FrameNames, AreFoundByTheirPathFromTheEnd) {
  const FrameNames names({"s1/f01.png", "s2/f01.png", "f02.png"});
  EXPECT_EQ(names.find("/data/s1/f01.jpg"), 0);
  EXPECT_EQ(names.find("s2\\f01.png"), 1);
  EXPECT_EQ(names.find("f01.png"), FrameNames::kSeveral);
  EXPECT_EQ(names.find("s3/f01.png"), FrameNames::kSeveral);
  EXPECT_EQ(names.find("anywhere/f02"), 2);
  EXPECT_EQ(names.find("s1/f03.png"), FrameNames::kNone);
}

TEST(FrameNames, KeepThePageOfAFile) {
  const FrameNames names({"a.tif#1", "a.tif#2"});
  EXPECT_EQ(names.find("x/a.tiff#2"), 1);
  EXPECT_EQ(names.find("a.tif"), FrameNames::kNone);
}

TEST(FrameNames, AreOneWhetherComposedOrDecomposed) {
  EXPECT_EQ(comparable_name("\u00e9t\u00e9.png"), comparable_name("e\u0301te\u0301.png"));
  EXPECT_EQ(comparable_name("\u1ec7"), comparable_name("e\u0323\u0302"));
  EXPECT_EQ(comparable_name("\u00e1\u0327"), comparable_name("a\u0327\u0301"));
  EXPECT_EQ(comparable_name("\ud55c"), comparable_name("\u1112\u1161\u11ab"));
  EXPECT_EQ(comparable_name("\uac00"), comparable_name("\u1100\u1161"));
  EXPECT_NE(comparable_name("\u00e9"), comparable_name("e"));
  EXPECT_EQ(comparable_name("\U0001F600 a"), "\U0001F600 a");
  EXPECT_EQ(comparable_name("a\\b"), "a/b");
}

TEST(FrameNames, OfAHiddenFileAndOfOneWithManyDotsLoseTheLastSuffixAlone) {
  const FrameNames names({".hidden", "a.tar.gz", "a.b/c"});
  EXPECT_EQ(names.find("x/.hidden"), 0);
  EXPECT_EQ(names.find("a.tar"), FrameNames::kNone);
  EXPECT_EQ(names.find("a.tar.png"), 1);
  EXPECT_EQ(names.find("c.png"), 2);
}

TEST(FrameNames, KnowDuplicates) {
  EXPECT_TRUE(FrameNames({"a/b.png", "a\\b.jpg"}).has_duplicates());
  EXPECT_FALSE(FrameNames({"a/b.png", "b.png"}).has_duplicates());
}

}  // namespace
}  // namespace capillaryx
