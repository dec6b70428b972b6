// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "capillaryx/frame_result.h"

namespace capillaryx {

/// One line per frame, as results.jsonl has it (no newline at its end), and back. What is unknown of a frame that was
/// not analysed (its count, density, valid_px) is null. Stage pictures do not travel. `parse_frame_line` throws Error
/// (kInput) on a line that is not one.
std::string frame_line(const FrameResult& result);
/// Appends it, so that memory is used again.
void append_frame_line(std::string& out, const FrameResult& result);
FrameResult parse_frame_line(std::string_view line);

/// What keeps a result out of results.jsonl: a number that is not finite or out of its range, a box that leaves the
/// frame, an outline that leaves its box. Empty where nothing does; the reader refuses whatever has one.
std::string find_flaw(const FrameResult& result);
/// The same of what is known of an input file.
std::string find_flaw(const InputInfo& input);

/// The schema that is written.
constexpr int kSchema = 2;

/// Gives a frame's result what its file's input line says.
void set_input(FrameResult& result, std::shared_ptr<const InputInfo> input);

/// What stands in a results.jsonl. Hostile bytes are an Error (kInput), never more.
struct JournalState {
  nlohmann::json run;  ///< the run line; null where it is missing or torn
  /// By file: what the input lines say.
  std::map<std::string, std::shared_ptr<const InputInfo>> inputs;
  std::int64_t frames = 0;       ///< whole frame lines in order
  std::int64_t whole_bytes = 0;  ///< length up to the end of the last whole line
  nlohmann::json summary;        ///< null where the run was interrupted
};

/// A whole line of a journal, without its newline, and the byte that it starts at.
using OnLine = std::function<void(std::string_view line, std::int64_t offset)>;

/// Reads a journal (schema 1 or 2) through, a line at a time, giving each line to `on_line` and then each frame, with
/// its file's input, to `on_frame` (either may be empty). Holds one line, and what the input lines say, in memory.
/// A last line without its newline is torn and ignored. Throws Error (kInput) if the file cannot be read, is
/// no such journal, or breaks its order: one run line, frames 0, 1, 2, ..., each after the input line of its file if
/// that holds several, one summary line.
JournalState read_journal(const std::filesystem::path& file, const std::function<void(FrameResult)>& on_frame,
                          const OnLine& on_line = {});

/// As above over an open file, read with pread from its start; `name` stands in the errors.
JournalState read_journal(int descriptor, const std::string& name, const std::function<void(FrameResult)>& on_frame,
                          const OnLine& on_line = {});

/// The run line of a journal; null where it is missing or torn. Throws as read_journal does.
nlohmann::json read_run_line(const std::filesystem::path& file);

/// A line without its member `timing` or `host`: what is equal in two runs of the same work.
std::string comparable(std::string_view line);

}  // namespace capillaryx
