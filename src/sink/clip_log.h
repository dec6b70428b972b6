// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "clip/clip_reducer.h"

namespace capillaryx {

/// The prefix of the files of a run that Options::clips makes into clips: the folder's name as results have it, empty
/// if it is the only input. Nothing without the option. Throws Error (kUsage) if it is not one of the inputs.
std::optional<std::string> clip_folder_of(const std::string& clips, const std::vector<std::string>& inputs);

/// The clip that a frame is part of: its file if that is a video, a stack with a time axis or live; its folder if that
/// lies in `clip_folder`. Empty for a still.
std::string clip_of(const FrameResult& result, const std::optional<std::string>& clip_folder);

/// Gathers the frames of a run, in order, into clips. A clip ends where another begins.
class ClipLog {
 public:
  explicit ClipLog(const ClipSettings& settings) : settings_(settings) {}

  /// The clip that a frame enters if its file or folder makes `clip`: that, or none if the clip has ended before. A
  /// file that comes again (--repeat) is no further measurement.
  std::string admit(const FrameResult& result, const std::string& clip) const;

  /// Takes a frame (FrameResult::clip says whose it is). The result of the clip that ended before it, if one did.
  std::optional<ClipResult> add(const FrameResult& result);

  /// The result of the clip that is open, if one is; ends it.
  std::optional<ClipResult> finish();

 private:
  ClipSettings settings_;
  std::string name_;
  std::optional<std::int64_t> page_;  ///< of the open clip's last frame
  std::set<std::string> done_;
  std::optional<ClipReducer> open_;
};

}  // namespace capillaryx
