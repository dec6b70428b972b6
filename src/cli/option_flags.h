// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "capillaryx/options.h"

namespace capillaryx::cli {

/// The flag of a field: --snake-case, --no-NAME of what is on by default, --pace of pace_fps.
std::string flag_name(const FieldInfo& info, bool on_by_default);

/// Adds a flag for each field that `wanted` names (all where it is empty); parsing sets `options`, which must live as
/// long as `command`. A wrong value throws Error (kUsage) with the flag, what it takes and what it got.
void add_option_flags(CLI::App& command, Options& options, const std::function<bool(const FieldInfo&)>& wanted = {});

}  // namespace capillaryx::cli
