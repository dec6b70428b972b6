// SPDX-License-Identifier: Apache-2.0
#include "analysis/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <openvino/opsets/opset13.hpp>
#include <random>
#include <thread>

#include "analysis/network.h"
#include "capillaryx/error.h"

namespace capillaryx {
namespace {

namespace fs = std::filesystem;
namespace op = ov::opset13;
using testing::AllOf;
using testing::HasSubstr;

class ClassifierTest : public testing::Test {
 protected:
  ClassifierTest() : folder_(fs::temp_directory_path() / ("capillaryx_classifier." + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~ClassifierTest() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return (folder_ / name).string();
  }

  // Saves a stub that gives `value` x (mean of the region) for each of `outputs` numbers, with its notes.
  std::string stub(const std::string& name, const ov::PartialShape& input, int outputs, float value,
                   const std::string& notes) const {
    const auto region = std::make_shared<op::Parameter>(ov::element::f32, input);
    const auto axes = op::Constant::create(ov::element::i64, {3}, {1, 2, 3});
    const auto mean = std::make_shared<op::ReduceMean>(region, axes, false);
    const auto column =
        std::make_shared<op::Reshape>(mean, op::Constant::create(ov::element::i64, {2}, {-1, 1}), false);
    const auto weights = op::Constant::create(ov::element::f32, {1, static_cast<std::size_t>(outputs)}, {value});
    const auto numbers = std::make_shared<op::MatMul>(column, weights);
    ov::save_model(std::make_shared<ov::Model>(ov::OutputVector{numbers}, ov::ParameterVector{region}),
                   (folder_ / name).string(), false);
    if (!notes.empty()) write(name + ".json", notes);
    return (folder_ / name).string();
  }

  static std::string refusal(const std::string& model_file) {
    try {
      Classifier classifier(model_file);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kModel);
      return error.what();
    }
    ADD_FAILURE() << "nothing was refused";
    return "";
  }

  static std::string shipped() {
    const auto bytes = shipped_network();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  const fs::path folder_;
};

std::vector<float> random_inputs(std::size_t regions, const NetworkSpec& spec) {
  std::mt19937 random(7);
  std::vector<float> inputs(regions * static_cast<std::size_t>(spec.input_size()));
  for (float& value : inputs) value = static_cast<float>(random() % 2000) / 500.0F - 1;
  return inputs;
}

std::vector<float> classify(Classifier& classifier, const std::vector<float>& inputs) {
  std::vector<float> scores;
  classifier.classify(inputs, scores);
  return scores;
}

TEST_F(ClassifierTest, ShippedNetworkIsThePapersAndUnderTwoMegabytes) {
  const Classifier classifier("");
  EXPECT_EQ(classifier.spec().width, 22);
  EXPECT_EQ(classifier.spec().height, 22);
  EXPECT_EQ(classifier.spec().channels, 4);
  EXPECT_EQ(classifier.spec().outputs, 2);
  EXPECT_EQ(classifier.spec().capillary_class, 1);
  EXPECT_EQ(classifier.spec().input, InputKind::kLocalContrast);
  EXPECT_EQ(classifier.identity().name, "capillary.onnx");
  EXPECT_EQ(classifier.identity().sha256.size(), 64U);
  EXPECT_LT(shipped_network().size(), 2'000'000U);
}

TEST_F(ClassifierTest, ScoreOfARegionIsTheSameBitForBitInAnyCompany) {
  Classifier classifier("");
  const auto size = static_cast<std::size_t>(classifier.spec().input_size());
  const std::vector<float> inputs = random_inputs(100, classifier.spec());
  const std::vector<float> together = classify(classifier, inputs);
  ASSERT_EQ(together.size(), 100U);
  for (const std::size_t group : {1U, 2U, 7U, 15U, 16U, 17U, 33U}) {
    for (std::size_t first = 0; first < 100; first += group) {
      const std::size_t count = std::min<std::size_t>(group, 100 - first);
      const std::vector<float> part(inputs.begin() + static_cast<std::ptrdiff_t>(first * size),
                                    inputs.begin() + static_cast<std::ptrdiff_t>((first + count) * size));
      const std::vector<float> scores = classify(classifier, part);
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(scores[i], together[first + i]) << "region " << first + i << " in groups of " << group;
      }
    }
  }
}

TEST_F(ClassifierTest, ScoreOfARegionIsTheSameBitForBitInAnyWorker) {
  Classifier here("");
  const std::vector<float> inputs = random_inputs(40, here.spec());
  const std::vector<float> expected = classify(here, inputs);
  std::vector<std::vector<float>> found(3);
  std::vector<std::thread> workers;
  for (auto& scores : found) {
    workers.emplace_back([&scores, &inputs] {
      Classifier there("");
      for (int i = 0; i < 3; ++i) scores = classify(there, inputs);
    });
  }
  for (auto& worker : workers) worker.join();
  for (const auto& scores : found) EXPECT_EQ(scores, expected);
}

TEST_F(ClassifierTest, InBf16GivesNearlyTheSameScoresOrSaysThatTheProcessorLacksIt) {
  Classifier exact("");
  const std::vector<float> inputs = random_inputs(40, exact.spec());
  const std::vector<float> expected = classify(exact, inputs);
  std::vector<float> scores;
  try {
    Classifier coarse("", InferencePrecision::kBf16);
    scores = classify(coarse, inputs);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("neither AVX-512 BF16 nor AMX"));
    GTEST_SKIP() << error.what();
  }
  EXPECT_NE(scores, expected);
  for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], expected[i], 0.05) << i;
}

TEST_F(ClassifierTest, ScoresAreProbabilities) {
  Classifier classifier("");
  for (const float score : classify(classifier, random_inputs(20, classifier.spec()))) {
    EXPECT_GE(score, 0);
    EXPECT_LE(score, 1);
  }
}

TEST_F(ClassifierTest, IdentityOfAFileIsThatOfItsBytes) {
  const Classifier classifier("");
  const Classifier copy(write("copy.onnx", shipped()));
  EXPECT_EQ(copy.identity().sha256, classifier.identity().sha256);
  EXPECT_EQ(copy.identity().name, "copy.onnx");
}

TEST_F(ClassifierTest, NotesOfAUserArePartOfTheIdentity) {
  const std::string file = write("copy.onnx", shipped());
  const std::string before = Classifier(file).identity().sha256;
  write("copy.onnx.json", R"({"input": "local_contrast", "capillary_class": 0})");
  const Classifier after(file);
  EXPECT_NE(after.identity().sha256, before);
  EXPECT_EQ(after.spec().capillary_class, 0);
}

TEST_F(ClassifierTest, RefusesWhatIsNoNetwork) {
  EXPECT_THAT(refusal((folder_ / "none.onnx").string()), AllOf(HasSubstr("no such file"), HasSubstr("--model takes")));
  EXPECT_THAT(refusal(write("cut.onnx", shipped().substr(0, 100'000))), HasSubstr("damaged, truncated"));
  EXPECT_THAT(refusal(write("text.onnx", "hello\n")), HasSubstr("damaged, truncated"));
  EXPECT_THAT(refusal(write("empty.onnx", "")), HasSubstr("the file is empty"));
  EXPECT_THAT(refusal(write("picture.png", "x")), HasSubstr("unknown kind of network \".png\""));
  EXPECT_THAT(refusal(folder_.string()), HasSubstr("a folder without saved_model.pb"));
  EXPECT_THAT(refusal("/dev/null"), HasSubstr("not a regular file"));
}

TEST_F(ClassifierTest, RefusesNetworksOfTheWrongShape) {
  const std::string rgb = R"({"input": "rgb"})";
  EXPECT_THAT(refusal(stub("five.xml", {-1, 5, 32, 32}, 1, 1, rgb)), HasSubstr("with 1, 3 or 4 channels"));
  EXPECT_THAT(refusal(stub("silent.xml", {-1, 3, 32, 32}, 2, 1, "")), HasSubstr("nothing says what they hold"));
  EXPECT_THAT(refusal(stub("huge.xml", {5000, 3, 32, 32}, 1, 1, rgb)), HasSubstr("5000 regions at once"));
}

TEST_F(ClassifierTest, RunsNetworksOfOtherSizesAndBatches) {
  for (const ov::PartialShape& shape :
       {ov::PartialShape{-1, 15, 15, 3}, {1, 15, 15, 3}, {-1, 3, 224, 224}, {4, 3, 8, 8}}) {
    Classifier classifier(stub("net.xml", shape, 1, 1, R"({"input": "rgb", "scale": 255})"));
    std::vector<float> inputs(static_cast<std::size_t>(classifier.spec().input_size()) * 5, 0.25F);
    EXPECT_THAT(classify(classifier, inputs), testing::Each(testing::FloatEq(0.25F)));
  }
}

TEST_F(ClassifierTest, AppliesSigmoidAndSoftmaxToLogits) {
  Classifier sigmoid(stub("one.xml", {-1, 3, 8, 8}, 1, 1, R"({"input": "rgb", "output": "logits"})"));
  const std::vector<float> inputs(3 * 8 * 8, -2.0F);
  EXPECT_FLOAT_EQ(classify(sigmoid, inputs).at(0), 1 / (1 + std::exp(2.0F)));
  Classifier softmax(
      stub("two.xml", {-1, 3, 8, 8}, 4, 1, R"({"input": "rgb", "output": "logits", "capillary_class": 3})"));
  EXPECT_FLOAT_EQ(classify(softmax, inputs).at(0), 0.25F);
}

TEST_F(ClassifierTest, WhatIsNoProbabilitySpoilsTheFrame) {
  const auto complaint = [](Classifier& classifier, float value) -> std::string {
    const std::vector<float> inputs(static_cast<std::size_t>(classifier.spec().input_size()), value);
    try {
      classify(classifier, inputs);
    } catch (const Error&) {
      ADD_FAILURE() << "a frame's failure must not end the run";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "nothing";
  };
  Classifier classifier(stub("net.xml", {-1, 3, 8, 8}, 1, 1, R"({"input": "rgb"})"));
  EXPECT_THAT(complaint(classifier, std::nanf("")), HasSubstr("not finite"));
  EXPECT_THAT(complaint(classifier, INFINITY), HasSubstr("not finite"));
  EXPECT_THAT(complaint(classifier, 3), AllOf(HasSubstr("gave 3"), HasSubstr("logits")));
  EXPECT_THAT(complaint(classifier, -1), HasSubstr("gave -1"));
  EXPECT_THAT(complaint(classifier, 0.5F), "nothing");
}

TEST_F(ClassifierTest, OnceMadeItMakesNoThreadAndOpensNoFile) {
  const auto count = [](const char* what) {
    return std::distance(fs::directory_iterator(what), fs::directory_iterator());
  };
  Classifier classifier("");
  const std::vector<float> inputs = random_inputs(40, classifier.spec());
  const auto threads = count("/proc/self/task"), files = count("/proc/self/fd");
  classify(classifier, inputs);
  EXPECT_EQ(count("/proc/self/task"), threads);
  EXPECT_EQ(count("/proc/self/fd"), files);
}

TEST_F(ClassifierTest, InputIsCutToWhatReachesTheOutputWithoutAChangeOfABit) {
  constexpr int kRegions = 11;
  // The shipped network's layers over 25 x 24 values: 23 x 22, pooled to 11 x 11; 9 x 9, pooled to 4 x 4; as at 22
  // x 22.
  std::string network = shipped();
  const std::string sides = "\x0a\x02\x08\x16\x0a\x02\x08\x16";  // of the input, as protobuf has it
  ASSERT_NE(network.find(sides), std::string::npos);
  network.replace(network.find(sides), sides.size(), "\x0a\x02\x08\x18\x0a\x02\x08\x19");
  const std::string file = write("larger.onnx", network);
  Classifier classifier(file);
  const NetworkSpec spec = classifier.spec();
  ASSERT_EQ(spec.width, 25);
  ASSERT_EQ(spec.height, 24);
  Network whole = read_network(file, kRegions);
  EXPECT_EQ(whole.used_width, 22);
  EXPECT_EQ(whole.used_height, 22);

  const auto size = static_cast<std::size_t>(spec.input_size());
  std::vector<float> inputs(kRegions * size);
  std::mt19937 random(7);
  for (float& value : inputs) value = static_cast<float>(random() % 4001) / 1000 - 2;
  std::vector<float> scores;
  classifier.classify(inputs, scores);

  whole.model->reshape({kRegions, spec.channels, spec.height, spec.width});
  ov::Core core;
  auto request = core.compile_model(whole.model, "CPU", ov::hint::inference_precision(ov::element::f32),
                                    ov::inference_num_threads(1))
                     .create_infer_request();
  request.set_input_tensor(ov::Tensor(ov::element::f32, request.get_input_tensor().get_shape(), inputs.data()));
  request.infer();
  const float* const numbers = request.get_output_tensor().data<float>();
  ASSERT_EQ(scores.size(), std::size_t{kRegions});
  for (int i = 0; i < kRegions; ++i) {
    EXPECT_EQ(scores[static_cast<std::size_t>(i)], numbers[i * spec.outputs + spec.capillary_class]) << i;
  }
}

}  // namespace
}  // namespace capillaryx
