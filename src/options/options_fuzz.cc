// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "capillaryx/error.h"
#include "options/options_json.h"

/// Any bytes are either options or an Error; options survive the way to JSON and back.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto options =
        capillaryx::options_from_json_text(std::string_view(reinterpret_cast<const char*>(data), size));
    const auto written = capillaryx::options_to_json(options);
    if (capillaryx::options_to_json(capillaryx::options_from_json(written)) != written) std::abort();
  } catch (const capillaryx::Error&) {
    return 0;
  }
  return 0;
}
