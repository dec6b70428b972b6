// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file with several pictures (TIFF, DICOM, animations): the first, the last and the first page again.
#include <algorithm>

#include "image/picture_stack.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace capillaryx;
  constexpr std::int64_t kMaxPixels = 200'000;
  static const auto pool = BufferPool::make();
  static DecoderMemory memory;
  const ByteSource source(std::span<const std::uint8_t>(data, size));
  if (!is_stack(source)) return 0;
  try {
    const auto stack = open_stack(source, kMaxPixels);
    for (const std::int64_t page :
         {std::int64_t{0}, std::min<std::int64_t>(stack->facts().pages - 1, 20), std::int64_t{0}}) {
      try {
        ImageFacts facts;
        PixelTarget target(*pool, kMaxPixels);
        Decoding decoding{target, memory, facts, std::nullopt};
        stack->read(page, decoding);
      } catch (const ImageError&) {
      }
    }
  } catch (const ImageError&) {
  }
  return 0;
}
