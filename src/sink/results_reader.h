// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "capillaryx/frame_result.h"

namespace capillaryx {

/// One line a frame, as results.jsonl has it, and back. `parse_frame_line` throws Error (kInput) on a line that is not
/// one.
std::string frame_line(const FrameResult& result);
FrameResult parse_frame_line(std::string_view line);

/// What stands in a results.jsonl. Hostile bytes are an Error (kInput), never more.
struct JournalState {
  nlohmann::json run;            ///< the run line; null where it is missing or torn
  std::int64_t frames = 0;       ///< whole frame lines in order
  std::int64_t whole_bytes = 0;  ///< length up to the end of the last whole line
  nlohmann::json summary;        ///< null where the run was cut short
};

/// Reads a journal through, a line at a time, giving each frame to `on_frame` (may be empty).
JournalState read_journal(const std::filesystem::path& file, const std::function<void(FrameResult)>& on_frame);

}  // namespace capillaryx
