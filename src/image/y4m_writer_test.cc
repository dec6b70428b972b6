// SPDX-License-Identifier: Apache-2.0
#include "image/y4m_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "image/y4m.h"

namespace capillaryx {
namespace {

TEST(Y4mWriter, WritesFramesThatReadBackWithinTwoGreyValues) {
  constexpr int kWidth = 16;
  constexpr int kHeight = 17;
  std::vector<std::uint8_t> rgb;
  for (int i = 0; i < kWidth * kHeight; ++i) {
    for (const int c : {i * 7, 255 - i, i * 13 + 40}) rgb.push_back(static_cast<std::uint8_t>(c & 255));
  }
  const std::string head = y4m_header(kWidth, kHeight, 29.97);
  const Y4mHeader header = read_y4m_header(head.substr(0, head.size() - 1));
  EXPECT_EQ(header.width, kWidth);
  EXPECT_EQ(header.height, kHeight);
  EXPECT_NEAR(header.frames_per_s, 29.97, 1e-9);
  std::vector<std::uint8_t> stream;
  append_y4m_frame({rgb.data(), kWidth, kHeight, 3, kWidth * 3}, stream);
  constexpr std::size_t kFrameLine = 6;
  ASSERT_EQ(stream.size(), kFrameLine + static_cast<std::size_t>(header.frame_bytes()));
  std::vector<std::uint8_t> back(rgb.size());
  convert_y4m_frame(header, stream.data() + kFrameLine, back.data());
  for (std::size_t i = 0; i < rgb.size(); ++i) EXPECT_LE(std::abs(back[i] - rgb[i]), 2) << i;
}

}  // namespace
}  // namespace capillaryx
