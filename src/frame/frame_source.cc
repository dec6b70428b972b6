// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/frame_source.h"

namespace capillaryx {

void FrameSource::skip(std::int64_t count) {
  for (; count > 0 && next(); --count) {
  }
}

}  // namespace capillaryx
