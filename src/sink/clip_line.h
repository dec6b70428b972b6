// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "clip/clip_result.h"

namespace capillaryx {

/// What a clip line begins with.
inline constexpr std::string_view kClipLineStart = R"({"type":"clip")";

/// Appends the line of a clip (no newline at its end).
void append_clip_line(std::string& out, const ClipResult& clip);

}  // namespace capillaryx
