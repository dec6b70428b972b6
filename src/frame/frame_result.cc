// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/frame_result.h"

namespace capillaryx {

std::optional<double> count_per_mm2(const FrameResult& result) {
  if (!result.scale_um_per_px || result.valid_px <= 0) return std::nullopt;
  const double scale = *result.scale_um_per_px;
  return static_cast<double>(result.capillaries.size()) / (static_cast<double>(result.valid_px) * scale * scale / 1e6);
}

bool counts(const FrameResult& result, bool keep_unusable) {
  return result.status == Status::kOk && (keep_unusable || !result.quality || result.quality->usable);
}

const char* to_string(Status status) {
  switch (status) {
    case Status::kOk:
      return "ok";
    case Status::kFailed:
      return "failed";
    case Status::kDropped:
      return "dropped";
  }
  return "failed";
}

}  // namespace capillaryx
