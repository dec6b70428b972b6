// SPDX-License-Identifier: Apache-2.0
// Any bytes behind a DICOM file's preamble.
#include <algorithm>
#include <cstring>
#include <vector>

#include "image/picture_stack.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace capillaryx;
  constexpr std::int64_t kMaxPixels = 100'000;
  static const auto pool = BufferPool::make();
  static DecoderMemory memory;
  std::vector<std::uint8_t> bytes(132 + size);
  std::memcpy(&bytes[128], "DICM", 4);
  std::copy(data, data + size, bytes.begin() + 132);
  try {
    const auto stack = open_dicom(ByteSource(std::span<const std::uint8_t>(bytes)), kMaxPixels);
    ImageFacts facts;
    PixelTarget target(*pool, kMaxPixels);
    Decoding decoding{target, memory, facts, std::nullopt};
    stack->read(stack->facts().pages - 1, decoding);
  } catch (const ImageError&) {
  }
  return 0;
}
