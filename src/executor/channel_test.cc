// SPDX-License-Identifier: Apache-2.0
#include "executor/channel.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace capillaryx {
namespace {

std::vector<std::uint8_t> copy(MessageWriter::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

FrameResult full_result() {
  FrameResult result;
  result.sha256 = std::string(64, 'c');
  result.width = 1920;
  result.height = 1080;
  result.capillaries.push_back({{1, 2, 30, 40}, {1.5F, 2.25F, 30, 40, 2, 40}, 321, 0.96});
  result.density = 0.1234567890123;
  result.valid_px = 2'073'600;
  result.scale_um_per_px = 1.25;
  result.scale_from = "tiff:ome";
  result.value_range = {0, 4095};
  result.magnification = 1.5;
  result.candidates = {{{5, 6, 7, 8}, 0.25F}};
  result.notes = {"a note"};
  result.quality = FrameQuality{false, {"blurred"}, {{"focus", 0.5}}};
  result.clip = "a.avi";
  result.landmarks = {1, 2, 3};
  result.values["bright spots"] = 17;
  result.stage_pictures.push_back({"ssim", 3, 2, 1, {1, 2, 3, 4, 5, 6}});
  result.timing.total_ms = 12.5;
  result.timing.stages_ms["read"] = 3;
  return result;
}

FrameResult there_and_back(const FrameResult& result, const FrameInfo& info = {}) {
  MessageWriter writer;
  const auto bytes = copy(writer.done(7, result, false));
  return read_result(*read_message(bytes).body_as_Done()->result(), info);
}

TEST(Channel, AResultComesBackAsItWas) {
  FrameInfo info;
  info.index = 5;
  info.source = "a b/\xC3\xA4.png";
  info.time_s = 0.4;
  info.file = "a.tif";
  info.page = 3;
  info.input = std::make_shared<const InputInfo>();
  const FrameResult sent = full_result();
  const FrameResult result = there_and_back(sent, info);
  EXPECT_EQ(result.index, 5);
  EXPECT_EQ(result.source, info.source);
  EXPECT_EQ(result.time_s, info.time_s);
  EXPECT_EQ(result.sha256, sent.sha256);
  EXPECT_EQ(result.width, 1920);
  EXPECT_EQ(result.height, 1080);
  ASSERT_EQ(result.capillaries.size(), 1U);
  EXPECT_EQ(result.capillaries[0].bbox, sent.capillaries[0].bbox);
  EXPECT_EQ(result.capillaries[0].polygon, sent.capillaries[0].polygon);
  EXPECT_EQ(result.capillaries[0].area_px, 321);
  EXPECT_EQ(result.capillaries[0].score, 0.96);
  EXPECT_EQ(result.density, sent.density);
  EXPECT_EQ(result.valid_px, sent.valid_px);
  EXPECT_EQ(result.scale_um_per_px, sent.scale_um_per_px);
  EXPECT_EQ(result.scale_from, sent.scale_from);
  EXPECT_EQ(result.value_range, sent.value_range);
  EXPECT_EQ(result.magnification, sent.magnification);
  ASSERT_EQ(result.candidates.size(), 1U);
  EXPECT_EQ(result.candidates[0].bbox, sent.candidates[0].bbox);
  EXPECT_EQ(result.candidates[0].score, 0.25F);
  EXPECT_EQ(result.notes, sent.notes);
  ASSERT_TRUE(result.quality);
  EXPECT_FALSE(result.quality->usable);
  EXPECT_EQ(result.quality->reasons, sent.quality->reasons);
  EXPECT_EQ(result.quality->measures, sent.quality->measures);
  EXPECT_EQ(result.clip, "a.avi");
  EXPECT_EQ(result.landmarks, sent.landmarks);
  EXPECT_EQ(result.file, info.file);
  EXPECT_EQ(result.page, 3);
  EXPECT_EQ(result.input, info.input);
  ASSERT_EQ(result.stage_pictures.size(), 1U);
  EXPECT_EQ(result.stage_pictures[0].pixels, sent.stage_pictures[0].pixels);
  EXPECT_EQ(result.timing.total_ms, 12.5);
  EXPECT_EQ(result.timing.stages_ms, sent.timing.stages_ms);
}

TEST(Channel, AFailedResultKeepsItsReason) {
  FrameResult failed;
  failed.status = Status::kFailed;
  failed.error = "truncated";
  EXPECT_EQ(there_and_back(failed).status, Status::kFailed);
  EXPECT_EQ(there_and_back(failed).error, "truncated");
}

TEST(Channel, RefusesResultsThatNoWorkerOfOursWouldSend) {
  const auto refused = [](const auto& spoil) {
    FrameResult result = full_result();
    spoil(result);
    EXPECT_THROW(there_and_back(result), ProtocolError);
  };
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  refused([](FrameResult& result) { result.density = kNan; });
  refused([](FrameResult& result) { result.capillaries[0].score = kNan; });
  refused([](FrameResult& result) { result.capillaries[0].polygon[1] = std::numeric_limits<float>::infinity(); });
  refused([](FrameResult& result) { result.values["x"] = kNan; });
  refused([](FrameResult& result) { result.candidates[0].score = std::numeric_limits<float>::infinity(); });
  refused([](FrameResult& result) { result.value_range = {0, kNan}; });
  refused([](FrameResult& result) { result.quality->measures["x"] = kNan; });
  refused([](FrameResult& result) { result.stage_pictures[0].name = "../../etc/passwd"; });
  refused([](FrameResult& result) { result.stage_pictures[0].name = ""; });
  refused([](FrameResult& result) { result.stage_pictures[0].pixels.pop_back(); });
  refused([](FrameResult& result) { result.stage_pictures[0].width = -3; });
  refused([](FrameResult& result) { result.sha256 = "no hash"; });
  refused([](FrameResult& result) { result.width = -1; });
  refused([](FrameResult& result) { result.error = "ok and yet not"; });
  refused([](FrameResult& result) { result.status = Status::kFailed; });
}

TEST(Channel, AFrameComesBackAsItWas) {
  const std::uint8_t pixels[24] = {1, 2, 3};
  FrameInfo info;
  info.index = 9;
  info.source = "clip.avi#9";
  info.time_s = 0.3;
  info.file = "clip.avi";
  info.page = 9;
  InputInfo input;
  input.file = "clip.avi";
  input.sha256 = std::string(64, 'd');
  input.kind = FileKind::kVideo;
  input.pages = 250;
  input.fps = 25;
  input.value_range = {10, 20};
  input.scale_um_per_px = 1.1;
  input.scale_from = "tiff:ome";
  input.page_times_s = {0, 0.04};
  input.notes = {"n"};
  info.input = std::make_shared<const InputInfo>(input);
  const Frame frame = Frame::from_pixels(info, {pixels, 4, 2, 3, 12}, nullptr);
  const ObjectPlace place{4096, 24};
  MessageWriter writer;
  const auto bytes = copy(writer.assign(3, frame, &place, {std::make_shared<OpenFile>(::dup(1)), nullptr}, true));
  const auto& message = *read_message(bytes).body_as_Assign();
  EXPECT_EQ(message.frame(), 3);
  EXPECT_EQ(message.place()->offset(), 4096U);
  EXPECT_TRUE(message.has_overlay());
  EXPECT_FALSE(message.has_picture());
  const Frame back = read_frame(message, nullptr, pixels, nullptr);
  EXPECT_EQ(back.info().index, 9);
  EXPECT_EQ(back.info().source, "clip.avi#9");
  EXPECT_EQ(back.info().time_s, 0.3);
  EXPECT_EQ(back.info().file, "clip.avi");
  EXPECT_EQ(back.info().page, 9);
  ASSERT_TRUE(back.info().input);
  EXPECT_EQ(back.info().input->sha256, input.sha256);
  EXPECT_EQ(back.info().input->kind, FileKind::kVideo);
  EXPECT_EQ(back.info().input->pages, 250);
  EXPECT_EQ(back.info().input->fps, 25);
  EXPECT_EQ(back.info().input->value_range, input.value_range);
  EXPECT_EQ(back.info().input->scale_um_per_px, 1.1);
  EXPECT_EQ(back.info().input->scale_from, "tiff:ome");
  EXPECT_EQ(back.info().input->notes, input.notes);
  EXPECT_TRUE(back.info().input->page_times_s.empty());  // a frame has its own time
  EXPECT_EQ(back.pixels().width, 4);
  EXPECT_EQ(back.pixels().stride_bytes, 12);
  EXPECT_THROW(read_frame(message, nullptr, std::span(pixels, 23), nullptr), ProtocolError);
}

TEST(Channel, RefusesAnotherVersion) {
  flatbuffers::FlatBufferBuilder builder;
  wire::FinishMessageBuffer(
      builder, wire::CreateMessage(builder, kWireVersion + 1, wire::Body::Leave, wire::CreateLeave(builder).Union()));
  const std::vector<std::uint8_t> bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  EXPECT_THROW(read_message(bytes), ProtocolError);
}

TEST(Channel, DamagedMessagesAreReadOrRefusedAndNothingElse) {
  MessageWriter writer;
  const auto whole = copy(writer.done(7, full_result(), false));
  int refused = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_THROW(read_message(cut), ProtocolError) << length;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = whole;
    bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    try {
      const auto& message = read_message(bytes);
      if (const auto* done = message.body_as_Done()) read_result(*done->result(), {});
    } catch (const ProtocolError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace capillaryx
