// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/result_sink.h"

namespace capillaryx {

std::shared_ptr<const OpenFile> ResultSink::overlay_file(const FrameInfo& /*frame*/) { return nullptr; }

}  // namespace capillaryx
