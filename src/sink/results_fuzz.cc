// SPDX-License-Identifier: Apache-2.0
// Hostile bytes as a results.jsonl: read, or refused by an Error; what was read is written back to the same line.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "capillaryx/error.h"
#include "sink/results_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = ::memfd_create("results", MFD_CLOEXEC);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) return 0;
  const auto check = [](const capillaryx::FrameResult& result) {
    const std::string line = capillaryx::frame_line(result);
    capillaryx::FrameResult back = capillaryx::parse_frame_line(line);
    if (result.input) capillaryx::set_input(back, result.input);
    if (capillaryx::frame_line(back) != line) std::abort();
  };
  try {
    capillaryx::read_journal(file, "results.jsonl", check);
  } catch (const capillaryx::Error&) {
  }
  try {
    check(capillaryx::parse_frame_line({reinterpret_cast<const char*>(data), size}));
  } catch (const capillaryx::Error&) {
  }
  return 0;
}
