// SPDX-License-Identifier: Apache-2.0
#include "analysis/onnx_weights.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace capillaryx {
namespace {

using Files = std::vector<std::string>;

// A protobuf field that holds bytes: a text or a message.
std::string field(int number, const std::string& bytes) {
  std::string out;
  const auto put = [&out](std::size_t value) {
    for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
    out += static_cast<char>(value);
  };
  put(static_cast<std::size_t>(number) << 3 | 2);
  put(bytes.size());
  return out + bytes;
}

std::string entry(const std::string& key, const std::string& value) {
  return field(13, field(1, key) + field(2, value));
}

std::string tensor_in(const std::string& file) {
  return field(8, "weights") + entry("location", file) + entry("offset", "64") + "\x70\x01";  // data_location: EXTERNAL
}

std::string model(const std::string& graph) { return "\x08\x08" + field(2, "capillaryx") + field(7, graph); }

TEST(OnnxWeights, AreFoundWhereverATensorCanStand) {
  const std::string attribute = field(1, "value") + field(5, tensor_in("attribute"));
  const std::string branch = field(6, field(5, tensor_in("branch")));
  const std::string graphs = field(11, field(5, tensor_in("graphs"))) + field(10, tensor_in("tensors"));
  const std::string sparse =
      field(22, field(1, tensor_in("sparse_attribute"))) + field(23, field(2, tensor_in("indices")));
  const std::string node =
      field(4, "If") + field(5, attribute) + field(5, branch) + field(5, graphs) + field(5, sparse);
  const std::string graph = field(1, node) + field(5, tensor_in("initializer")) +
                            field(15, field(1, tensor_in("sparse")) + field(2, tensor_in("sparse")));
  const std::string function = field(7, field(5, field(5, tensor_in("function"))));
  EXPECT_EQ(onnx_weight_files(model(graph) + field(25, function)),
            (Files{"attribute", "branch", "function", "graphs", "indices", "initializer", "sparse", "sparse_attribute",
                   "tensors"}));
}

TEST(OnnxWeights, AreNoneInANetworkThatHoldsThemItself) {
  EXPECT_EQ(onnx_weight_files(model(field(5, field(8, "weights") + field(9, std::string(300, '\0'))))), Files{});
  EXPECT_EQ(onnx_weight_files(""), Files{});
}

TEST(OnnxWeights, AreNamedByTheLastKeyAndValueOfAnEntryAsProtobufReadsIt) {
  const std::string twice = field(13, field(1, "offset") + field(2, "a") + field(1, "location") + field(2, "b"));
  EXPECT_EQ(onnx_weight_files(model(field(5, twice))), Files{"b"});
}

TEST(OnnxWeights, CannotHideBehindWhatProtobufSkips) {
  const std::string group = "\x1b\x1c";  // field 3, a group that begins and ends
  EXPECT_THROW(onnx_weight_files(group + model(field(5, tensor_in("hidden")))), std::runtime_error);
}

TEST(OnnxWeights, OfATruncatedNetworkAreAnError) {
  const std::string whole = model(field(5, tensor_in("weights.bin")));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    try {
      EXPECT_LE(onnx_weight_files(whole.substr(0, size)).size(), 1U) << size;
      EXPECT_TRUE(size == 2 || size == 14) << size;  // between two fields of the outermost message
    } catch (const std::runtime_error&) {
    }
  }
  EXPECT_THROW(onnx_weight_files(std::string(20, '\xff')), std::runtime_error);
}

TEST(OnnxWeights, ThatNestWithoutEndAreAnError) {
  std::string graph;
  for (int i = 0; i < 200; ++i) graph = field(1, field(5, field(6, graph)));
  EXPECT_THROW(onnx_weight_files(model(graph)), std::runtime_error);
}

}  // namespace
}  // namespace capillaryx
