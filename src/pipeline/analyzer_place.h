// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "capillaryx/executor.h"
#include "capillaryx/options.h"

namespace capillaryx {

/// Whether the capillaryx program has an analyzer of that name, as this library does without register_analyzer().
bool is_shipped_analyzer(const std::string& name);

/// Throws Error (kUsage) if the analyzer is one that the calling program registered, and workers are processes of the
/// capillaryx program, which cannot have it.
void check_analyzer_place(const Options& options);

/// The executor of a run whose frames and results are the calling program's. Whatever is wrong with options, network or
/// analyzer is an Error here, before a frame is taken.
std::unique_ptr<Executor> make_checked_executor(const Options& options);

}  // namespace capillaryx
