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

/// One line a frame, as results.jsonl has it (no newline at its end), and back. What is unknown of a frame that was not
/// analysed (its count, density, valid_px) is null. Stage pictures do not travel. `parse_frame_line` throws Error
/// (kInput) on a line that is not one.
std::string frame_line(const FrameResult& result);
/// Appends it, so that memory is used again.
void append_frame_line(std::string& out, const FrameResult& result);
FrameResult parse_frame_line(std::string_view line);

/// What keeps a result out of results.jsonl: a number that is not finite or out of its range, a box that leaves the
/// frame, an outline that leaves its box. Empty where nothing does; the reader refuses whatever has one.
std::string find_flaw(const FrameResult& result);

/// What stands in a results.jsonl. Hostile bytes are an Error (kInput), never more.
struct JournalState {
  nlohmann::json run;            ///< the run line; null where it is missing or torn
  std::int64_t frames = 0;       ///< whole frame lines in order
  std::int64_t whole_bytes = 0;  ///< length up to the end of the last whole line
  nlohmann::json summary;        ///< null where the run was cut short
};

/// Reads a journal through, a line at a time, giving each frame to `on_frame` (may be empty). Holds one line in memory.
/// A last line without its newline is torn, and passed over. Throws Error (kInput) where the file cannot be read, is
/// not a journal of this schema, or breaks its order: one run line, frames 0, 1, 2, ..., one summary line.
JournalState read_journal(const std::filesystem::path& file, const std::function<void(FrameResult)>& on_frame);

/// As above over an open file, read with pread from its start; `name` stands in the errors.
JournalState read_journal(int descriptor, const std::string& name, const std::function<void(FrameResult)>& on_frame);

}  // namespace capillaryx
