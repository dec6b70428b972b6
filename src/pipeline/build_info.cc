// SPDX-License-Identifier: Apache-2.0
#include "analysis/capillary_analyzer.h"
#include "capillaryx/pipeline.h"
#include "capillaryx_build.h"

namespace capillaryx {

BuildInfo build_info() {
  return {.version = kBuildVersion, .commit = kBuildCommit, .build = kBuildKind, .model = shipped_model()};
}

}  // namespace capillaryx
