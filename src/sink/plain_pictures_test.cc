// SPDX-License-Identifier: Apache-2.0
#include "sink/plain_pictures.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace capillaryx {
namespace {

namespace fs = std::filesystem;

class PlainPicture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "pictures-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    fs::create_directories(root_ / "out");
  }
  void TearDown() override { fs::remove_all(root_); }

  /// What is found for a frame of a file of that name and content.
  std::string find(const std::string& name, const std::string& written, const std::string& content = "picture") {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << content;
    FrameResult result;
    result.source = "f";
    result.file = written;
    result.width = result.height = 10;
    PlainPictures pictures(OutputFolder(root_ / "out", false));
    pictures.set_run({{"host", {{"paths", {{"inputs", {root_.string()}}}}}}});
    return pictures.find(result);
  }

  fs::path root_;
};

TEST_F(PlainPicture, IsTheInputItselfByAPathFromTheFolderWithEveryByteSafe) {
  EXPECT_EQ(find("in/a b#c?%.png", "in/a b#c?%25.png"), "../in/a%20b%23c%3F%25.png");
  EXPECT_EQ(find("in/\xff.JPG", "in/%FF.JPG"), "../in/%FF.JPG");
}

TEST_F(PlainPicture, IsNotWhatABrowserDoesNotShowOrShowsTurned) {
  EXPECT_EQ(find("a.tif", "a.tif"), "");
  EXPECT_EQ(find("a.jpg", "a.jpg", "....Exif.."), "");
  EXPECT_EQ(find("a.png", "missing.png"), "");
  fs::create_directories(root_ / "folder.png");
  EXPECT_EQ(find("b.png", "folder.png"), "");
}

TEST_F(PlainPicture, IsThatOfThePicturesFolderFirst) {
  fs::create_directories(root_ / "out/pictures");
  std::ofstream(root_ / "out/pictures/000000_f.jpg") << "picture";
  EXPECT_EQ(find("a.png", "a.png"), "pictures/000000_f.jpg");
}

}  // namespace
}  // namespace capillaryx
