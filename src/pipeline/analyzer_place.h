// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "capillaryx/options.h"

namespace capillaryx {

/// Whether the capillaryx program has an analyzer of that name, as this library does without register_analyzer().
bool is_shipped_analyzer(const std::string& name);

/// Throws Error (kUsage) if the analyzer is one that the calling program registered, and workers are processes of the
/// capillaryx program, which cannot have it.
void check_analyzer_place(const Options& options);

}  // namespace capillaryx
