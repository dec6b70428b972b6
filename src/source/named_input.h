// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "capillaryx/frame_source.h"

namespace capillaryx {

/// An argument of open_source, or a file whose name in the results somebody else gives (a study).
struct NamedInput {
  std::string argument;
  std::string name{};  ///< FrameInfo::file; empty: by the argument
};

/// As open_source.
std::unique_ptr<FrameSource> open_named_source(const std::vector<NamedInput>& inputs, const Options& options);

}  // namespace capillaryx
