// SPDX-License-Identifier: Apache-2.0
#include "probe/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>

#include "image/image.h"
#include "image/tiff_writer_test.h"

namespace capillaryx {
namespace {

using test::Bytes;
using test::TiffPage;
using test::write_pages;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kWidth = 6, kHeight = 4;

// A file without a name.
std::shared_ptr<const OpenFile> file_of(const Bytes& bytes, std::uint64_t at = 0, const Bytes& there = {}) {
  std::string path = "/tmp/capillaryx_probe_XXXXXX";
  const int descriptor = ::mkstemp(path.data());
  EXPECT_EQ(::write(descriptor, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  if (!there.empty()) {
    EXPECT_EQ(::pwrite(descriptor, there.data(), there.size(), static_cast<off_t>(at)),
              static_cast<ssize_t>(there.size()));
  }
  ::unlink(path.c_str());
  return std::make_shared<OpenFile>(descriptor);
}

// A page whose values are all `value`.
TiffPage page16(int value) {
  Bytes pixels;
  for (int i = 0; i < kWidth * kHeight; ++i) test::put_little(pixels, static_cast<std::uint32_t>(value), 2);
  return {kWidth, kHeight, 16, 1, pixels};
}

Frame page_of(const std::shared_ptr<const OpenFile>& file, const InputInfo& info, std::int64_t page) {
  FrameInfo frame;
  frame.page = page;
  frame.input = std::make_shared<const InputInfo>(info);
  return Frame::from_file(frame, file);
}

TEST(Probe, FindsOneValueRangeForAllPagesOfAFile) {
  const Bytes bytes = write_pages({page16(200), page16(1000), page16(3000)});
  const auto file = file_of(bytes);
  const InputInfo info = probe_file(*file, 1000);
  EXPECT_EQ(info.kind, FileKind::kStack);
  EXPECT_EQ(info.pages, 3);
  EXPECT_EQ(info.width, kWidth);
  EXPECT_EQ(info.height, kHeight);
  EXPECT_EQ(info.sha256, sha256_hex(bytes));
  EXPECT_EQ(info.value_range, (std::array<double, 2>{0, 4095}));
  ImageReader reader(1000);
  std::string sha256;
  ImageFacts facts;
  for (const std::int64_t page : {0, 2, 1}) {
    const Frame frame = reader.read(page_of(file, info, page), sha256, facts);
    EXPECT_EQ(frame.pixels().data[0],
              std::lround((std::array{200, 1000, 3000})[static_cast<std::size_t>(page)] * 255 / 4095.0));
    EXPECT_EQ(facts.value_range, info.value_range);
    EXPECT_EQ(sha256, "");
  }
  EXPECT_THROW(reader.read(page_of(file, info, 3), sha256), ImageError);
}

TEST(Probe, LeavesAFileWithOnePictureToItsFrame) {
  const InputInfo info = probe_file(*file_of(write_pages({page16(200)})), 1000);
  EXPECT_EQ(info.kind, FileKind::kImage);
  EXPECT_EQ(info.pages, 1);
}

TEST(Probe, TellsTimesScaleAndRate) {
  std::vector<TiffPage> pages;
  for (int i = 0; i < 3; ++i) pages.push_back(page16(i));
  pages[0].text("ImageJ=1.53\nimages=3\nframes=3\nfinterval=0.5\nunit=um\n").tag(282, 5, {4, 1}).tag(283, 5, {4, 1});
  const InputInfo info = probe_file(*file_of(write_pages(pages)), 1000);
  EXPECT_THAT(info.page_times_s, ElementsAre(0, 0.5, 1));
  EXPECT_EQ(info.fps, 2);
  EXPECT_EQ(info.scale_um_per_px, 0.25);
  EXPECT_EQ(info.scale_from, "tiff:imagej");
}

TEST(Probe, RefusesWhatIsDamagedOrTooLarge) {
  const Bytes bytes = write_pages({page16(1), page16(2)});
  EXPECT_THROW(probe_file(*file_of({bytes.begin(), bytes.begin() + 100}), 1000), ImageError);
  EXPECT_THROW(probe_file(*file_of({}), 1000), ImageError);
}

TEST(Probe, ReadsAStackOfMoreThan4GbPageByPage) {
  // A sparse file: its pixels are zero but for the last plane's.
  constexpr int kSide = 8192, kPlanes = 70;  // 67 MB a plane
  TiffPage page(kSide, kSide, 8, 1, Bytes(1, 0));
  page.text("ImageJ=1.53\nimages=70\nslices=70\nfinterval=1\n");
  Bytes bytes = write_pages({page});
  const std::uint64_t plane = std::uint64_t{kSide} * kSide, start = bytes.size() - 1;
  const auto file = file_of(bytes, start + plane * kPlanes - 1, Bytes(1, 77));
  FrameInfo info;
  info.page = kPlanes - 1;
  ImageReader reader(100'000'000);
  std::string sha256;
  const Frame frame = reader.read(Frame::from_file(info, file), sha256);
  EXPECT_EQ(frame.pixels().row(kSide - 1)[kSide - 1], 77);
  EXPECT_EQ(frame.pixels().row(0)[0], 0);
}

TEST(MayHoldSeveral, GoesByTheFirstBytes) {
  const Bytes tiff = write_pages({page16(1)});
  EXPECT_TRUE(may_hold_several(tiff));
  const test::Picture picture = test::draw_picture(8, 8, 3);
  EXPECT_FALSE(may_hold_several(encode_png(picture.view())));
  EXPECT_FALSE(may_hold_several(encode_jpeg(picture.view())));
  EXPECT_FALSE(may_hold_several(test::write_webp_lossless(picture)));
  EXPECT_FALSE(may_hold_several({}));
}

}  // namespace
}  // namespace capillaryx
