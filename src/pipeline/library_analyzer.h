// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "capillaryx/analyzer.h"

namespace capillaryx {

/// The algorithm in a shared library that `options.analyzer` names as lib:FILE. Where its model() has no SHA-256, that
/// of the file stands for it, so that results of another build are recognised. Throws Error (kUsage) on a file that is
/// no such library, was built for another version, or whose factory fails.
std::unique_ptr<Analyzer> make_library_analyzer(const Options& options);

}  // namespace capillaryx
