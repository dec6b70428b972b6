// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "capillaryx/frame.h"

namespace capillaryx {

/// What an input line begins with.
inline constexpr std::string_view kInputLineStart = R"({"type":"input")";

/// Appends the input line of a file that holds several frames (no newline at its end).
void append_input_line(std::string& out, const InputInfo& input);

/// Reads one. Throws Error (kInput) on a line that is none.
InputInfo parse_input_line(std::string_view line);

/// "image", "stack", "video" or "live".
const char* to_string(FileKind kind);

}  // namespace capillaryx
