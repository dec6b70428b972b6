// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/result_sink.h"

namespace capillaryx {

FrameFiles ResultSink::files(const FrameInfo& /*frame*/) { return {}; }

}  // namespace capillaryx
