// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

using testing::HasSubstr;

const std::nullopt_t kOpen = std::nullopt;

// The message of the Error (kModel) that `make` must throw.
template <class Make>
std::string refusal(Make make) {
  try {
    make();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kModel);
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

NetworkNotes notes(const std::string& json) { return parse_network_notes(json, "net.onnx.json"); }

TEST(NetworkSpec, ReadsSidesChannelsAndLayoutFromTheFile) {
  const NetworkSpec last = make_network_spec("net.onnx", {kOpen, 15, 17, 3}, {kOpen, 1}, notes(R"({"input": "rgb"})"));
  EXPECT_TRUE(last.channels_last);
  EXPECT_EQ(last.height, 15);
  EXPECT_EQ(last.width, 17);
  EXPECT_EQ(last.channels, 3);
  EXPECT_EQ(last.outputs, 1);

  const NetworkSpec first =
      make_network_spec("net.onnx", {1, 1, 224, 200}, {1, 2}, notes(R"({"input": "grey", "capillary_class": 1})"));
  EXPECT_FALSE(first.channels_last);
  EXPECT_EQ(first.height, 224);
  EXPECT_EQ(first.width, 200);
  EXPECT_EQ(first.channels, 1);
  EXPECT_EQ(first.outputs, 2);
  EXPECT_EQ(first.capillary_class, 1);
}

TEST(NetworkSpec, OfLocalContrastHasThreeOrFourPlanes) {
  for (const int planes : {3, 4}) {
    const NetworkSpec spec =
        make_network_spec("net.onnx", {kOpen, planes, 22, 22}, {kOpen, 1}, notes(R"({"input": "local_contrast"})"));
    EXPECT_FALSE(spec.channels_last);
    EXPECT_EQ(spec.channels, planes);
    EXPECT_EQ(spec.input_size(), planes * 22 * 22);
  }
  EXPECT_THAT(refusal([] {
                make_network_spec("net.onnx", {kOpen, 1, 22, 22}, {kOpen, 1}, notes(R"({"input": "local_contrast"})"));
              }),
              HasSubstr("1 channel, but \"local_contrast\" has 3 or 4"));
  EXPECT_THAT(refusal([] {
                make_network_spec("net.onnx", {kOpen, 22, 22, 4}, {kOpen, 1}, notes(R"({"input": "rgb"})"));
              }),
              HasSubstr("4 channels, but \"rgb\" has 3"));
}

TEST(NetworkSpec, TakesFromTheNotesWhatTheFileLeavesOpen) {
  const NetworkSpec spec =
      make_network_spec("net.onnx", {kOpen, kOpen, kOpen, 3}, {kOpen, 3},
                        notes(R"({"input": "bgr", "width": 20, "height": 30, "mean": [1, 2, 3], "scale": 255,
                                  "capillary_class": 2, "output": "logits", "threshold": 0.25, "usual_share": 0.5, "about": "mine"})"));
  EXPECT_EQ(spec.input, InputKind::kBgr);
  EXPECT_EQ(spec.width, 20);
  EXPECT_EQ(spec.height, 30);
  EXPECT_EQ(spec.mean, (std::array<float, 3>{1, 2, 3}));
  EXPECT_EQ(spec.scale, (std::array<float, 3>{255, 255, 255}));
  EXPECT_EQ(spec.capillary_class, 2);
  EXPECT_TRUE(spec.logits);
  EXPECT_EQ(spec.threshold, 0.25);
  EXPECT_EQ(spec.usual_share, 0.5);
}

TEST(NetworkSpec, GuessesNothing) {
  const TensorShape input = {kOpen, 32, 32, 3};
  EXPECT_THAT(refusal([&] {
                make_network_spec("net.onnx", input, {kOpen, 1}, std::nullopt);
              }),
              HasSubstr("nothing says what they hold; write it into net.onnx.json"));
  EXPECT_THAT(refusal([&] {
                make_network_spec("net.onnx", input, {kOpen, 2}, notes(R"({"input": "rgb"})"));
              }),
              HasSubstr("it has 2 outputs, and nothing says which of them"));
  EXPECT_THAT(refusal([&] {
                make_network_spec("net.onnx", {kOpen, kOpen, 32, 3}, {kOpen, 1}, notes(R"({"input": "rgb"})"));
              }),
              HasSubstr("leaves the height open"));
  EXPECT_THAT(refusal([&] {
                make_network_spec("net.onnx", {kOpen, 3, 32, 3}, {kOpen, 1}, notes(R"({"input": "rgb"})"));
              }),
              HasSubstr("\"layout\""));
}

TEST(NetworkSpec, SaysWhatItFoundAndWhatItExpected) {
  const NetworkNotes rgb = notes(R"({"input": "rgb"})");
  EXPECT_THAT(refusal([&] {
                make_network_spec("net.onnx", {kOpen, 100}, {kOpen, 1}, rgb);
              }),
              testing::AllOf(HasSubstr("[?, 100]"), HasSubstr("[batch, height, width, channels]")));
  EXPECT_THAT(refusal([&] {
                make_network_spec("net.onnx", {kOpen, 32, 32, 5}, {kOpen, 1}, rgb);
              }),
              HasSubstr("with 1, 3 or 4 channels"));
  EXPECT_THAT(refusal([&] {
                make_network_spec("net.onnx", {kOpen, 32, 32, 1}, {kOpen, 1}, rgb);
              }),
              HasSubstr("1 channel, but \"rgb\" has 3"));
  EXPECT_THAT(refusal([&] {
                make_network_spec("net.onnx", {kOpen, 32, 5000, 3}, {kOpen, 1}, rgb);
              }),
              HasSubstr("sides of 1 to 1024"));
  EXPECT_THAT(refusal([&] {
                make_network_spec("net.onnx", {kOpen, 32, 32, 3}, {kOpen, 64, 64, 4}, rgb);
              }),
              HasSubstr("at most 1000 classes"));
  EXPECT_THAT(refusal([&] { make_network_spec("net.onnx", {kOpen, 32, 32, 3}, {}, rgb); }), HasSubstr("[batch, 1]"));
  EXPECT_THAT(refusal([&] {
                make_network_spec("net.onnx", {kOpen, 32, 32, 3}, {kOpen, 2},
                                  notes(R"({"input": "rgb", "capillary_class": 2})"));
              }),
              HasSubstr("\"capillary_class\" is 2"));
  EXPECT_THAT(refusal([&] {
                make_network_spec("net.onnx", {kOpen, 32, 32, 3}, {kOpen, 1}, notes(R"({"input": "rgb", "width": 9})"));
              }),
              HasSubstr("width is said to be 9"));
}

TEST(NetworkNotes, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(refusal([] { notes("{"); }), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal([] { notes("[1]"); }), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal([] { notes(R"({"means": 1})"); }), HasSubstr("\"means\" is not known"));
  EXPECT_THAT(refusal([] { notes(R"({"input": "hsv"})"); }), HasSubstr("local_contrast, rgb, bgr, grey"));
  EXPECT_THAT(refusal([] { notes(R"({"scale": [255, 0, 255]})"); }), HasSubstr("must not be 0"));
  EXPECT_THAT(refusal([] { notes(R"({"scale": 1e-60})"); }), HasSubstr("must not be 0"));
  EXPECT_THAT(refusal([] { notes(R"({"mean": [1, 2]})"); }), HasSubstr("a list of one for each channel"));
  EXPECT_THAT(refusal([] { notes(R"({"mean": "x"})"); }), HasSubstr("\"mean\""));
  EXPECT_THAT(refusal([] { notes(R"({"width": 1.5})"); }), HasSubstr("whole number"));
  EXPECT_THAT(refusal([] { notes(R"({"threshold": 2})"); }), HasSubstr("from 0 to 1"));
  EXPECT_THAT(refusal([] { notes(R"({"usual_share": 1})"); }), HasSubstr("between 0 and 1"));
  EXPECT_THAT(refusal([] { notes(R"({"output": 3})"); }), HasSubstr("probability, logits"));
}

}  // namespace
}  // namespace capillaryx
