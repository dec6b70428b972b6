// SPDX-License-Identifier: Apache-2.0
#include "analysis/onnx_weights.h"

#include <cstdint>
#include <set>
#include <span>
#include <stdexcept>

namespace capillaryx {
namespace {

constexpr int kMaxDepth = 100;  // protobuf's own limit

[[noreturn]] void refuse(const char* reason) { throw std::runtime_error(reason); }

/// Reads the fields of one protobuf message, one after the other.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

  /// Moves to the next field; false at the end.
  bool next() {
    if (rest_.empty()) return false;
    const std::uint64_t tag = varint();
    number_ = tag >> 3;
    is_bytes_ = (tag & 7) == 2;
    switch (tag & 7) {
      case 0:
        varint();
        return true;
      case 1:
        take(8);
        return true;
      case 2:
        bytes_ = take(varint());
        return true;
      case 5:
        take(4);
        return true;
      default:  // groups: ONNX has none, and something could hide in one
        refuse("a protobuf field of a kind that ONNX does not use");
    }
  }

  std::uint64_t number() const { return number_; }
  bool is_bytes() const { return is_bytes_; }
  std::string_view bytes() const { return bytes_; }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 127) << shift;
      if (byte < 128) return value;
    }
    refuse("a protobuf number that does not end");
  }

  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) refuse("a protobuf field goes past the end");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_, bytes_;
  std::uint64_t number_ = 0;
  bool is_bytes_ = false;
};

// The messages of onnx.proto that hold tensors, and StringStringEntryProto.
enum class Message { kModel, kTraining, kGraph, kNode, kAttribute, kFunction, kSparseTensor, kTensor, kEntry };

struct Part {
  std::uint64_t number;
  Message message;
};

std::span<const Part> parts_of(Message message) {
  static constexpr Part kModel[] = {{7, Message::kGraph}, {20, Message::kTraining}, {25, Message::kFunction}};
  static constexpr Part kTraining[] = {{1, Message::kGraph}, {2, Message::kGraph}};
  static constexpr Part kGraph[] = {{1, Message::kNode}, {5, Message::kTensor}, {15, Message::kSparseTensor}};
  static constexpr Part kNode[] = {{5, Message::kAttribute}};
  static constexpr Part kAttribute[] = {{5, Message::kTensor},        {6, Message::kGraph},
                                        {10, Message::kTensor},       {11, Message::kGraph},
                                        {22, Message::kSparseTensor}, {23, Message::kSparseTensor}};
  static constexpr Part kFunction[] = {{7, Message::kNode}, {11, Message::kAttribute}};
  static constexpr Part kSparseTensor[] = {{1, Message::kTensor}, {2, Message::kTensor}};
  static constexpr Part kTensor[] = {{13, Message::kEntry}};
  switch (message) {
    case Message::kModel:
      return kModel;
    case Message::kTraining:
      return kTraining;
    case Message::kGraph:
      return kGraph;
    case Message::kNode:
      return kNode;
    case Message::kAttribute:
      return kAttribute;
    case Message::kFunction:
      return kFunction;
    case Message::kSparseTensor:
      return kSparseTensor;
    case Message::kTensor:
      return kTensor;
    case Message::kEntry:
      return {};
  }
  return {};
}

void read_entry(std::string_view bytes, std::set<std::string>& files) {
  std::string_view key, value;
  for (Fields fields(bytes); fields.next();) {
    if (!fields.is_bytes()) continue;
    if (fields.number() == 1) key = fields.bytes();
    if (fields.number() == 2) value = fields.bytes();
  }
  if (key == "location") files.emplace(value);
}

void read(Message message, std::string_view bytes, int depth, std::set<std::string>& files) {
  if (depth > kMaxDepth) refuse("protobuf messages nest too deep");
  if (message == Message::kEntry) return read_entry(bytes, files);
  const std::span<const Part> parts = parts_of(message);
  for (Fields fields(bytes); fields.next();) {
    for (const Part& part : parts) {
      if (fields.is_bytes() && fields.number() == part.number) read(part.message, fields.bytes(), depth + 1, files);
    }
  }
}

}  // namespace

std::vector<std::string> onnx_weight_files(std::string_view bytes) {
  std::set<std::string> files;
  read(Message::kModel, bytes, 0, files);
  return {files.begin(), files.end()};
}

}  // namespace capillaryx
