// SPDX-License-Identifier: Apache-2.0
#include "source/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "capillaryx/error.h"
#include "source/test_folder.h"

namespace capillaryx {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct Listing {
  std::vector<std::string> sources;
  std::vector<std::string> skipped;  // "source: reason"
};

Listing list(const std::string& folder) {
  std::vector<SkippedInput> skipped;
  Listing listing;
  for (const ListedFile& file : list_folder(folder, "", skipped)) listing.sources.push_back(file.source);
  for (const SkippedInput& one : skipped) listing.skipped.push_back(one.source + ": " + one.reason);
  return listing;
}

TEST(ListFolder, GoesThroughSubfoldersInNaturalOrder) {
  const test::TestFolder folder;
  for (const char* const name : {"f10.png", "f2.png", "visit10/a.jpg", "visit2/b.tif", "visit2/a/c.PNG", "g.webp"})
    folder.write(name, "x");
  const Listing listing = list(folder.path());
  EXPECT_THAT(listing.sources,
              ElementsAre("f2.png", "f10.png", "g.webp", "visit2/a/c.PNG", "visit2/b.tif", "visit10/a.jpg"));
  EXPECT_THAT(listing.skipped, IsEmpty());
}

TEST(ListFolder, SkipsWhatIsNoPictureWithItsReason) {
  const test::TestFolder folder;
  folder.write_picture("f.png");
  folder.write("notes.txt", "x");
  folder.write("clip.AVI", "x");
  folder.write("._f.png", "x");
  folder.write(".hidden/f.png", "x");
  ASSERT_EQ(::mkfifo(folder.path("pipe.png").c_str(), 0600), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{AF_UNIX, {}};
  folder.path("s.png").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(socket);
  std::filesystem::create_symlink("/dev/zero", folder.path("zero.png"));
  std::filesystem::create_symlink("nowhere", folder.path("broken.png"));
  const Listing listing = list(folder.path());
  EXPECT_THAT(listing.sources, ElementsAre("clip.AVI", "f.png"));
  EXPECT_THAT(listing.skipped,
              UnorderedElementsAre("notes.txt: unrecognised file extension", "._f.png: hidden", ".hidden: hidden",
                                   "pipe.png: a pipe", "s.png: a socket", "zero.png: a device",
                                   "broken.png: cannot be read: No such file or directory"));
}

TEST(ListFolder, FollowsLinksButEndsLoops) {
  const test::TestFolder folder;
  folder.write_picture("a/f.png");
  std::filesystem::create_symlink("..", folder.path("a/loop"));
  std::filesystem::create_symlink("a", folder.path("again"));
  std::filesystem::create_symlink("a/f.png", folder.path("link.png"));
  const test::TestFolder outside;
  outside.write_picture("g.png");
  std::filesystem::create_directory_symlink(outside.path(), folder.path("outside"));
  const Listing listing = list(folder.path());
  EXPECT_THAT(listing.sources, ElementsAre("a/f.png", "link.png", "outside/g.png"));
  EXPECT_THAT(listing.skipped,
              ElementsAre("a/loop: a folder that has been read already", "again: a folder that has been read already"));
}

TEST(ListFolder, PassesOverOutputFoldersBelowTheFolderGiven) {
  const test::TestFolder folder;
  folder.write_picture("f.png");
  folder.write_picture("out/overlays/000000_f.png");
  folder.write("out/results.jsonl", "{}");
  const Listing listing = list(folder.path());
  EXPECT_THAT(listing.sources, ElementsAre("f.png"));
  EXPECT_THAT(listing.skipped, ElementsAre(std::string("out: ") + kOutputFolder));
}

// A second run took the first one's overlays for frames: half the density.
TEST(ListFolder, LeavesOutWhatARunWroteIntoItsOwnInput) {
  const test::TestFolder folder;
  for (const char* const name : {"f.png", "overlays/000000_f.jpg", "pictures/000000_f.jpg", "pictures/mine.png",
                                 "stages/000000_f/background.png", "visit/g.png", "visit/overlays/000001_g.png"}) {
    folder.write_picture(name);
  }
  for (const char* const name :
       {"results.jsonl", "results.csv", "report.html", "report/capillaryx.js", "README.txt", "visit/results.jsonl"}) {
    folder.write(name, "{}");
  }
  const Listing listing = list(folder.path());
  EXPECT_THAT(listing.sources, ElementsAre("f.png", "pictures/mine.png", "visit/g.png"));
  EXPECT_THAT(listing.skipped, IsEmpty());
}

TEST(ListFolder, PicturesOfNoRunAreFrames) {
  const test::TestFolder folder;
  folder.write_picture("overlays/000000_f.png");
  EXPECT_THAT(list(folder.path()).sources, ElementsAre("overlays/000000_f.png"));
}

TEST(ListFolder, TakesAnyName) {
  const test::TestFolder folder;
  const std::vector<std::string> names = {"a b.png",  "line\nbreak.png", "q'uo\"te.png",
                                          "血管.png", "-o.png",          "100%.png"};
  for (const std::string& name : names) folder.write_picture(name);
  folder.write_picture("bad\xff.png");
  const Listing listing = list(folder.path());
  EXPECT_THAT(listing.sources, testing::SizeIs(7));
  for (const std::string& name : names) EXPECT_THAT(listing.sources, testing::Contains(name));
  EXPECT_THAT(listing.sources, testing::Contains("bad%FF.png"));
}

TEST(ListFolder, GoesDeep) {
  const test::TestFolder folder;
  std::string deep;
  for (int i = 0; i < 60; ++i) deep += "d/";
  folder.write_picture(deep + "f.png");
  EXPECT_THAT(list(folder.path()).sources, ElementsAre(deep + "f.png"));
}

TEST(ListFolder, WhatCannotBeReadAtAllIsAnError) {
  std::vector<SkippedInput> skipped;
  EXPECT_THROW(list_folder("/nowhere/at/all", "", skipped), Error);
}

}  // namespace
}  // namespace capillaryx
