// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>

#include "image/picture_stack.h"
#include "image/picture_writers_test.h"

namespace capillaryx {
namespace {

using test::Bytes;
using ::testing::DoubleEq;
using ::testing::ElementsAre;

void put_big(Bytes& to, std::uint32_t value, int bytes = 4) {
  for (int i = bytes - 1; i >= 0; --i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void put_chunk(Bytes& to, const std::string& type, const Bytes& body) {
  put_big(to, static_cast<std::uint32_t>(body.size()));
  const std::size_t start = to.size();
  to.insert(to.end(), type.begin(), type.end());
  to.insert(to.end(), body.begin(), body.end());
  put_big(to, libdeflate_crc32(0, &to[start], to.size() - start));
}

// zlib's stored blocks: one row a byte of filter and its pixels.
Bytes zlib_of(const Bytes& raw) {
  Bytes out = {0x78, 0x01, 1};
  test::put_little(out, static_cast<std::uint32_t>(raw.size()), 2);
  test::put_little(out, ~static_cast<std::uint32_t>(raw.size()) & 0xffffU, 2);
  out.insert(out.end(), raw.begin(), raw.end());
  put_big(out, libdeflate_adler32(1, raw.data(), raw.size()));
  return out;
}

struct Part {
  int x, y, width, height, dispose, blend;
  std::array<std::uint8_t, 4> rgba;
};

// A 4x2 RGBA animation of rectangles of one colour.
Bytes apng(const std::vector<Part>& parts, bool default_is_frame = true) {
  Bytes out = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  Bytes head;
  put_big(head, 4);
  put_big(head, 2);
  head.insert(head.end(), {8, 6, 0, 0, 0});
  put_chunk(out, "IHDR", head);
  Bytes control;
  put_big(control, static_cast<std::uint32_t>(parts.size()));
  put_big(control, 0);
  put_chunk(out, "acTL", control);
  std::uint32_t sequence = 0;
  if (!default_is_frame) put_chunk(out, "IDAT", zlib_of(Bytes(2 * 17)));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    Bytes frame;
    put_big(frame, sequence++);
    for (const int value : {part.width, part.height, part.x, part.y}) put_big(frame, static_cast<std::uint32_t>(value));
    put_big(frame, 1, 2);
    put_big(frame, 25, 2);
    frame.push_back(static_cast<std::uint8_t>(part.dispose));
    frame.push_back(static_cast<std::uint8_t>(part.blend));
    put_chunk(out, "fcTL", frame);
    Bytes raw;
    for (int y = 0; y < part.height; ++y) {
      raw.push_back(0);
      for (int x = 0; x < part.width; ++x) raw.insert(raw.end(), part.rgba.begin(), part.rgba.end());
    }
    if (i == 0 && default_is_frame) {
      put_chunk(out, "IDAT", zlib_of(raw));
    } else {
      Bytes body;
      put_big(body, sequence++);
      const Bytes data = zlib_of(raw);
      body.insert(body.end(), data.begin(), data.end());
      put_chunk(out, "fdAT", body);
    }
  }
  put_chunk(out, "IEND", {});
  return out;
}

// Red of the four pixels of the upper row.
std::vector<int> reds(PictureStack& stack, std::int64_t page) {
  const auto pool = BufferPool::make();
  DecoderMemory memory;
  ImageFacts facts;
  PixelTarget target(*pool, 1'000'000);
  Decoding decoding{target, memory, facts, std::nullopt};
  stack.read(page, decoding);
  const PixelView& view = target.view();
  std::vector<int> values;
  for (int x = 0; x < view.width; ++x) values.push_back(view.row(0)[3 * x]);
  return values;
}

const std::vector<Part> kParts = {{0, 0, 4, 2, 0, 0, {10, 0, 0, 255}},
                                  {1, 0, 2, 2, 2, 0, {20, 0, 0, 255}},    // taken off again
                                  {0, 0, 1, 1, 1, 0, {30, 0, 0, 255}},    // cleared afterwards
                                  {3, 0, 1, 2, 0, 1, {110, 0, 0, 128}}};  // half transparent, over 10

TEST(Apng, FramesAreComposedAndMayBeReadInAnyOrder) {
  const Bytes bytes = apng(kParts);
  const auto stack = open_stack(ByteSource(bytes), 1000);
  EXPECT_EQ(stack->facts().pages, 4);
  EXPECT_THAT(stack->facts().page_times_s, ElementsAre(0, 0.04, 0.08, DoubleEq(0.12)));
  const std::vector<std::vector<int>> expected = {
      {10, 10, 10, 10}, {10, 20, 20, 10}, {30, 10, 10, 10}, {0, 10, 10, 60}};
  for (const std::int64_t page : {0, 1, 2, 3, 3, 1, 0, 2}) {
    EXPECT_EQ(reds(*stack, page), expected[static_cast<std::size_t>(page)]) << page;
  }
}

TEST(Apng, ThePictureForOtherProgramsIsSkippedAndNoted) {
  const Bytes bytes = apng(kParts, false);
  const auto stack = open_stack(ByteSource(bytes), 1000);
  EXPECT_EQ(stack->facts().pages, 4);
  EXPECT_THAT(reds(*stack, 0), ElementsAre(10, 10, 10, 10));
  EXPECT_THAT(stack->facts().notes, ElementsAre("the picture for programs without animation was skipped"));
}

TEST(Apng, ADamagedOrMissingFrameIsAnError) {
  Bytes bytes = apng(kParts);
  bytes[bytes.size() - 30] ^= 1;
  EXPECT_THROW(open_stack(ByteSource(bytes), 1000), ImageError);
  const Bytes outside = apng({{0, 0, 4, 2, 0, 0, {1, 1, 1, 255}}, {3, 0, 2, 2, 0, 0, {1, 1, 1, 255}}});
  EXPECT_THROW(open_stack(ByteSource(outside), 1000), ImageError);
  const Bytes large = apng(kParts);
  EXPECT_THROW(open_stack(ByteSource(large), 7), ImageError) << "more pixels than allowed";
}

// RIFF chunks around what libwebp writes of one frame.
Bytes animated_webp(const std::vector<int>& greys) {
  const auto put_text = [](Bytes& to, const std::string& text) { to.insert(to.end(), text.begin(), text.end()); };
  Bytes body;
  put_text(body, "WEBPVP8X");
  test::put_little(body, 10, 4);
  body.insert(body.end(), {2, 0, 0, 0});
  test::put_little(body, 8 - 1, 3);
  test::put_little(body, 8 - 1, 3);
  put_text(body, "ANIM");
  test::put_little(body, 6, 4);
  body.insert(body.end(), {0, 0, 0, 0, 0, 0});
  for (const int grey : greys) {
    test::Picture picture{8, 8, 3, Bytes(8 * 8 * 3, static_cast<std::uint8_t>(grey))};
    const Bytes still = test::write_webp_lossless(picture);
    put_text(body, "ANMF");
    test::put_little(body, static_cast<std::uint32_t>(16 + still.size() - 12), 4);
    test::put_little(body, 0, 3);
    test::put_little(body, 0, 3);
    test::put_little(body, 7, 3);
    test::put_little(body, 7, 3);
    test::put_little(body, 50, 3);
    body.push_back(2);  // not blended
    body.insert(body.end(), still.begin() + 12, still.end());
  }
  Bytes out;
  put_text(out, "RIFF");
  test::put_little(out, static_cast<std::uint32_t>(body.size()), 4);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

TEST(AnimatedWebp, FramesAndTheirTimesAreRead) {
  const Bytes bytes = animated_webp({40, 90, 200});
  const auto stack = open_stack(ByteSource(bytes), 1000);
  EXPECT_EQ(stack->facts().pages, 3);
  EXPECT_THAT(stack->facts().page_times_s, ElementsAre(0, 0.05, 0.1));
  for (const std::int64_t page : {2, 0, 1, 1}) {
    EXPECT_EQ(reds(*stack, page)[0], (std::vector{40, 90, 200})[static_cast<std::size_t>(page)]);
  }
}

}  // namespace
}  // namespace capillaryx
