// SPDX-License-Identifier: Apache-2.0
#include "source/folder.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "capillaryx/error.h"
#include "image/image.h"
#include "source/source_name.h"

namespace capillaryx {
namespace {

std::string reason_of(int error_number) { return std::generic_category().message(error_number); }

// Names in a folder, hidden ones too, in natural order; nothing with errno set where it cannot be read.
std::optional<std::vector<std::string>> names_in(const std::string& folder) {
  struct Close {
    void operator()(DIR* d) const { ::closedir(d); }
  };
  const std::unique_ptr<DIR, Close> open(::opendir(folder.c_str()));
  if (!open) return std::nullopt;
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* const entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return std::nullopt;
  std::sort(names.begin(), names.end(), natural_less);
  return names;
}

const char* kind_of(mode_t mode) {
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "not a regular file";
}

class Lister {
 public:
  Lister(std::vector<ListedFile>& files, std::vector<SkippedInput>& skipped) : files_(files), skipped_(skipped) {}

  void list(const std::string& folder, const std::string& prefix, bool is_input) {
    // A stack of our own: a path may be deeper than the thread's stack allows.
    struct Level {
      std::string folder, prefix;
      std::vector<std::string> names;
      std::size_t next = 0;
    };
    std::vector<Level> levels;
    const auto enter = [&](const std::string& path, const std::string& name) {
      if (auto names = names_in(path)) {
        // Its pictures are drawn over others: they are no frames.
        if (!levels.empty() && std::find(names->begin(), names->end(), "results.jsonl") != names->end()) {
          skip(name, kOutputFolder);
          return;
        }
        levels.push_back({path, name, std::move(*names)});
      } else if (is_input && levels.empty()) {
        throw Error(ErrorKind::kInput, "the folder " + source_name(path) + " cannot be read: " + reason_of(errno));
      } else {
        skip(name, "cannot be read: " + reason_of(errno));
      }
    };
    remember(folder);
    enter(folder, prefix);
    while (!levels.empty()) {
      Level& level = levels.back();
      if (level.next == level.names.size()) {
        levels.pop_back();
        continue;
      }
      const std::string name = level.names[level.next++];
      const std::string path = level.folder + "/" + name;
      const std::string source = level.prefix.empty() ? name : level.prefix + "/" + name;
      struct stat status {};
      if (name[0] == '.') {
        skip(source, "hidden");
      } else if (::stat(path.c_str(), &status) != 0) {
        skip(source, "cannot be read: " + reason_of(errno));
      } else if (S_ISDIR(status.st_mode)) {
        if (seen_.emplace(status.st_dev, status.st_ino).second) {
          enter(path, source);  // invalidates `level`
        } else {
          skip(source, "a folder that has been read already");
        }
      } else if (!S_ISREG(status.st_mode)) {
        skip(source, kind_of(status.st_mode));
      } else if (has_image_suffix(name)) {
        files_.push_back({path, source_name(source), display_name(source)});
      } else if (has_video_suffix(name)) {
        skip(source, "a video: give it by its own name");
      } else {
        skip(source, "not a picture by its suffix");
      }
    }
  }

 private:
  void remember(const std::string& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) == 0) seen_.emplace(status.st_dev, status.st_ino);
  }
  void skip(const std::string& source, std::string reason) {
    skipped_.push_back({source_name(source), std::move(reason)});
  }

  std::vector<ListedFile>& files_;
  std::vector<SkippedInput>& skipped_;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

}  // namespace

std::vector<ListedFile> list_folder(const std::string& folder, const std::string& prefix,
                                    std::vector<SkippedInput>& skipped) {
  std::vector<ListedFile> files;
  Lister(files, skipped).list(folder, prefix, true);
  return files;
}

bool has_video_suffix(const std::string& name) {
  static constexpr std::string_view kSuffixes[] = {".avi", ".mp4", ".m4v",  ".mov", ".mkv", ".webm",  ".mpg", ".mpeg",
                                                   ".ts",  ".mts", ".m2ts", ".wmv", ".asf", ".flv",   ".ogv", ".vob",
                                                   ".dv",  ".mxf", ".3gp",  ".gif", ".y4m", ".mjpeg", ".mjpg"};
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return false;
  std::string suffix = name.substr(dot);
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::find(std::begin(kSuffixes), std::end(kSuffixes), suffix) != std::end(kSuffixes);
}

}  // namespace capillaryx
