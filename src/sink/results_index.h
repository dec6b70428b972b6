// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "capillaryx/frame_result.h"
#include "sink/output_folder.h"

namespace capillaryx {

inline constexpr const char* kResultsIndex = "results.index";

/// results.index: where each frame's line stands in results.jsonl, so that one of 100,000 is read without the others.
/// Line i, of 32 bytes, is of frame i: the byte at which its line starts and the byte at which the input line of its
/// file starts (0 for a file that is one picture), each of 15 digits, a space between them and a newline at the end.
class IndexFile {
 public:
  explicit IndexFile(const OutputFolder& folder);
  /// Each line of results.jsonl and where it starts, in order.
  void add_line(std::string_view line, std::int64_t offset);
  /// The frame of the line that was just added.
  void add_frame(const FrameResult& result);
  void commit() { file_.commit(); }

 private:
  NewFile file_;
  std::int64_t offset_ = 0;                     ///< of the latest line
  std::map<std::string, std::int64_t> inputs_;  ///< where the input line of each file starts
};

/// Frame `index` of an output folder, read by its results.index. Throws Error (kInput): there is no such frame, or the
/// index does not fit the results.
FrameResult read_frame(const std::filesystem::path& folder, std::int64_t index);

}  // namespace capillaryx
