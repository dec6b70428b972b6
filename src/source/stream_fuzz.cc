// SPDX-License-Identifier: Apache-2.0
// Any bytes, in any parts: frames, then an end or ImageError. What is skipped leaves the same place.
#include <algorithm>
#include <cstdlib>
#include <span>

#include "image/image.h"
#include "source/frame_stream.h"

namespace {

// Frames until the end, as many as `pass_over` says without their pixels.
int count_frames(std::span<const std::uint8_t> bytes, bool pass_over) {
  std::size_t at = 0;
  std::size_t part = 1;
  capillaryx::FrameStream stream(
      [&](std::uint8_t* to, std::size_t size) {
        part = part * 5 % 257;
        const std::size_t count = std::min({size, part, bytes.size() - at});
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, to);
        at += count;
        return count;
      },
      100'000);
  int frames = 0;
  try {
    while (const auto pixels = stream.next(pass_over)) {
      unsigned sum = 0;
      for (int y = 0; y < pixels->view.height; ++y) {
        for (int x = 0; x < pixels->view.width * pixels->view.channels; ++x) sum += pixels->view.row(y)[x];
      }
      frames += sum == ~0U ? 2 : 1;
    }
  } catch (const capillaryx::ImageError&) {
  }
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int frames = count_frames({data, size}, false);
  // Values above a picture's largest are only seen where it is made into pixels.
  if (count_frames({data, size}, true) < frames) std::abort();
  return 0;
}
