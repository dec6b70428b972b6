// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "capillaryx/frame_source.h"

namespace capillaryx {

/// An input file of a run.
struct ListedFile {
  std::string path;    ///< as the system takes it
  std::string file;    ///< FrameInfo::file
  std::string source;  ///< FrameInfo::source, without the page
  bool video = false;  ///< by its suffix
};

/// Why the output folder of a run is skipped.
inline constexpr const char* kOutputFolder = "the output folder of a run: it holds results.jsonl";

/// The pictures and videos (by suffix) under a folder, in natural order, each folder's files and subfolders together.
/// Symbolic links are followed; a folder that is reached a second time is skipped, so that loops end. Hidden files,
/// other files, pipes, sockets, devices and output folders of runs go to `skipped`. A folder that a run wrote into and
/// that holds frames too is read; what the run wrote is left out. `prefix` stands before each source. Throws Error
/// (kInput) if the folder itself cannot be read.
std::vector<ListedFile> list_folder(const std::string& folder, const std::string& prefix,
                                    std::vector<SkippedInput>& skipped);

/// Whether a file of this name is taken for a video (by suffix, any case).
bool has_video_suffix(const std::string& name);

}  // namespace capillaryx
