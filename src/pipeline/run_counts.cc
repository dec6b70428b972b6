// SPDX-License-Identifier: Apache-2.0
#include "pipeline/frame_run.h"

namespace capillaryx {

void RunCounts::add(const FrameResult& result) {
  ++summary_.frames;
  if (result.timing.latency_ms) latency_ms_.add(*result.timing.latency_ms);
  switch (result.status) {
    case Status::kOk:
      ++summary_.ok;
      if (result.quality && !result.quality->usable) {
        ++summary_.unusable;
        for (const std::string& reason : result.quality->reasons) {
          ++summary_.unusable_reasons[reason.substr(0, reason.find(" ("))];
        }
      }
      if (!counts(result, keep_unusable_)) break;
      ++summary_.measured;
      summary_.capillaries += static_cast<std::int64_t>(result.capillaries.size());
      density_.add(result.density);
      break;
    case Status::kFailed:
      ++summary_.failed;
      if (summary_.failures.size() < RunSummary::kMostFailures) {
        summary_.failures.push_back({result.index, result.source, result.error});
      }
      break;
    case Status::kDropped:
      ++summary_.dropped;
      break;
  }
}

RunSummary RunCounts::summary() const {
  RunSummary summary = summary_;
  if (density_.count() > 0) {
    MeanOverFrames& density = summary.density.emplace();
    density.mean = density_.mean();
    if (const auto interval = density_.interval()) {
      density.low = interval->low;
      density.high = interval->high;
    }
  }
  if (latency_ms_.count() > 0) {
    summary.latency = Latency{latency_ms_.at(0.5), latency_ms_.at(0.95), latency_ms_.at(0.99)};
  }
  return summary;
}

}  // namespace capillaryx
