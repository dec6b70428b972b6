// SPDX-License-Identifier: Apache-2.0
#include "sink/clip_log.h"

#include <algorithm>
#include <filesystem>

#include "capillaryx/error.h"

namespace capillaryx {

std::optional<std::string> clip_folder_of(const std::string& clips, const std::vector<std::string>& inputs) {
  if (clips.empty()) return std::nullopt;
  const auto plain = [](const std::string& name) {
    std::filesystem::path path = std::filesystem::path(name).lexically_normal();
    return path.has_filename() ? path : path.parent_path();
  };
  const auto same = [&](const std::string& input) { return plain(input) == plain(clips); };
  if (std::none_of(inputs.begin(), inputs.end(), same)) {
    throw Error(ErrorKind::kUsage,
                "clips names the folder " + clips + ", which is not one of the inputs: name it there too");
  }
  return inputs.size() == 1 ? std::string() : plain(clips).filename().string();
}

std::string clip_of(const FrameResult& result, const std::optional<std::string>& clip_folder) {
  if (result.input) {
    const FileKind kind = result.input->kind;
    const bool timed = kind == FileKind::kStack && (result.time_s || result.input->fps);
    return kind == FileKind::kVideo || kind == FileKind::kLive || timed ? result.file : std::string();
  }
  if (!clip_folder) return "";
  const std::size_t end = result.file.rfind('/');
  const std::string folder = end == std::string::npos ? "." : result.file.substr(0, end);
  const bool inside = clip_folder->empty() || folder == *clip_folder || folder.starts_with(*clip_folder + "/");
  return inside ? folder : std::string();
}

std::string ClipLog::admit(const FrameResult& result, const std::string& clip) const {
  if (clip.empty() || done_.contains(clip)) return "";
  const bool again = open_ && clip == name_ && result.page && page_ && *result.page <= *page_;
  return again ? std::string() : clip;
}

std::optional<ClipResult> ClipLog::add(const FrameResult& result) {
  std::optional<ClipResult> ended;
  if (open_ && result.clip != name_) ended = finish();
  if (result.clip.empty()) return ended;
  page_ = result.page;
  if (!open_) {
    name_ = result.clip;
    open_.emplace(name_, settings_);
  }
  open_->add(result);
  return ended;
}

std::optional<ClipResult> ClipLog::finish() {
  if (!open_) return std::nullopt;
  std::optional<ClipResult> result = open_->result();
  open_.reset();
  done_.insert(name_);
  return result;
}

}  // namespace capillaryx
