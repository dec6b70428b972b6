// SPDX-License-Identifier: Apache-2.0
// A capture loop: frames come from your own camera code, results go to your own program. In a Qt application `capture`
// is the camera's slot, and the second thread posts each result to the window.
#include <capillaryx/error.h>
#include <capillaryx/session.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr int kWidth = 640, kHeight = 480;

/// Stands for a camera's driver: a grey gradient that moves.
std::shared_ptr<std::vector<std::uint8_t>> capture(int number) {
  auto pixels = std::make_shared<std::vector<std::uint8_t>>(std::size_t{kWidth} * kHeight);
  for (std::size_t i = 0; i < pixels->size(); ++i) {
    (*pixels)[i] = static_cast<std::uint8_t>((i % kWidth + static_cast<std::size_t>(number)) / 4);
  }
  return pixels;
}

}  // namespace

int main() {
  try {
    capillaryx::Session session({});
    std::thread results([&session] {
      while (const auto result = session.next()) {
        std::printf("frame %lld: %zu capillaries, density %.4f\n", static_cast<long long>(result->index),
                    result->capillaries.size(), result->density);
      }
    });
    for (int number = 0; number < 20; ++number) {
      const auto pixels = capture(number);
      // Lent, not copied: the session holds `pixels` until the frame is done. A camera that does not wait uses
      // try_submit and leaves out the frame that gives nothing.
      session.submit(capillaryx::Frame::from_pixels({}, {pixels->data(), kWidth, kHeight, 1, kWidth}, pixels));
    }
    session.finish();
    results.join();
  } catch (const capillaryx::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
