// SPDX-License-Identifier: Apache-2.0
// Messages of any origin: read or refused, never more. A first byte says which; what begins with 'W' is written by a
// MessageWriter from the rest and must come back as it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "executor/channel.h"

namespace capillaryx {
namespace {

void read_anything(const std::vector<std::uint8_t>& bytes) {
  try {
    const wire::Message& message = read_message(bytes);
    if (const auto* done = message.body_as_Done()) read_result(*done->result(), FrameInfo{});
    if (const auto* assign = message.body_as_Assign()) {
      std::vector<std::uint8_t> pixels(64);
      read_frame(*assign, nullptr, pixels, nullptr);
    }
  } catch (const ProtocolError&) {
    return;
  }
}

void write_and_read(const std::uint8_t* data, std::size_t size) {
  FrameResult result;
  result.sha256 = std::string(64, 'a');
  for (std::size_t i = 0; i + 4 <= size; i += 4) {
    result.capillaries.push_back({{data[i], data[i + 1], data[i + 2], data[i + 3]},
                                  std::vector<float>(data[i] % 16, static_cast<float>(data[i + 1])),
                                  data[i + 2],
                                  data[i + 3] / 255.0});
    result.values[std::string(1, static_cast<char>(data[i]))] = data[i + 1];
  }
  MessageWriter writer;
  const auto written = writer.done(7, result, false);
  const std::vector<std::uint8_t> bytes(written.begin(), written.end());
  const FrameResult back = read_result(*read_message(bytes).body_as_Done()->result(), FrameInfo{});
  if (back.values != result.values || back.capillaries.size() != result.capillaries.size()) std::abort();
  // The same with one byte turned over must be read or refused.
  if (size > 2) {
    std::vector<std::uint8_t> turned = bytes;
    turned[(data[0] | data[1] << 8) % turned.size()] ^= data[2];
    read_anything(turned);
  }
}

}  // namespace
}  // namespace capillaryx

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0 && data[0] == 'W') {
    capillaryx::write_and_read(data + 1, size - 1);
  } else {
    capillaryx::read_anything(std::vector<std::uint8_t>(data, data + size));
  }
  return 0;
}
