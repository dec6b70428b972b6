// SPDX-License-Identifier: Apache-2.0
#include "probe/probe.h"

#include "image/decoders.h"

namespace capillaryx {

bool may_hold_several(std::span<const std::uint8_t> first_bytes) {
  return image_format(first_bytes) == ImageFormat::kTiff;
}

InputInfo probe_file(const OpenFile& /*file*/, std::int64_t /*max_pixels*/) {
  InputInfo info;
  info.pages = 1;
  return info;
}

}  // namespace capillaryx
