// SPDX-License-Identifier: Apache-2.0
#include "source/folder.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

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

// Folders of pictures that a run makes beside its results.jsonl, and its other files.
bool is_pictures_folder(std::string_view name) { return name == "overlays" || name == "pictures" || name == "stages"; }
bool is_run_file(std::string_view name) {
  static constexpr std::string_view kNames[] = {"results.jsonl",    "results.csv", "results.index",   "coco.json",
                                                "report.html",      "clips.csv",   "capillaries.csv", "corrections",
                                                "measurements.csv", "groups.csv",  "study.json",      "study.xlsx",
                                                "README.txt",       "SHA256SUMS"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

// The folder of what the page `report.html` loads.
bool is_report_folder(const std::string& path, std::string_view name) {
  return name == "report" && ::access((path + "/capillaryx.js").c_str(), F_OK) == 0;
}

// "000012_name.jpg", as a run names its pictures.
bool is_run_picture(std::string_view name) {
  const std::size_t digits = name.find_first_not_of("0123456789");
  return digits != std::string_view::npos && digits >= 6 && name[digits] == '_';
}

// Whether an output folder holds frames, or folders that a run did not make: its run wrote into its own input.
bool holds_frames(const std::string& folder, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    struct stat status {};
    const std::string path = folder + "/" + name;
    if (name[0] == '.' || is_run_file(name) || is_report_folder(path, name)) return false;
    if (::stat(path.c_str(), &status) != 0) return false;
    if (S_ISREG(status.st_mode)) return has_image_suffix(name) || has_video_suffix(name);
    if (!S_ISDIR(status.st_mode) || !is_pictures_folder(name)) return S_ISDIR(status.st_mode);
    const auto pictures = names_in(path);
    return pictures && !std::all_of(pictures->begin(), pictures->end(),
                                    [](const std::string& one) { return one[0] == '.' || is_run_picture(one); });
  });
}

class Lister {
 public:
  Lister(std::vector<ListedFile>& files, std::vector<SkippedInput>& skipped) : files_(files), skipped_(skipped) {}

  void list(const std::string& folder, const std::string& prefix, bool is_input) {
    // A stack of our own: a path may be deeper than the thread's stack allows.
    struct Level {
      std::string folder, prefix;
      std::vector<std::string> names;
      bool output = false;    // a run wrote into it
      bool pictures = false;  // a run may have put its pictures into it
      std::size_t next = 0;
    };
    std::vector<Level> levels;
    const auto enter = [&](const std::string& path, const std::string& name) {
      if (auto names = names_in(path)) {
        const bool output = std::find(names->begin(), names->end(), "results.jsonl") != names->end();
        if (output && !levels.empty() && !holds_frames(path, *names)) {
          skip(name, kOutputFolder);
          return;
        }
        const std::string_view own_name = std::string_view(name).substr(name.rfind('/') + 1);
        const bool pictures = !levels.empty() && levels.back().output && is_pictures_folder(own_name);
        levels.push_back({path, name, std::move(*names), output, pictures});
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
      if (level.output && (is_run_file(name) || is_report_folder(path, name))) continue;
      if (level.pictures && is_run_picture(name)) continue;
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
        files_.push_back({path, source_name(source), display_name(source), true});
      } else {
        skip(source, "unrecognised file extension");
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
  static constexpr std::string_view kSuffixes[] = {".avi", ".mp4", ".m4v",  ".mov",  ".mkv", ".webm",  ".mpg",  ".mpeg",
                                                   ".ts",  ".mts", ".m2ts", ".wmv",  ".asf", ".flv",   ".ogv",  ".vob",
                                                   ".dv",  ".mxf", ".3gp",  ".gif",  ".y4m", ".mjpeg", ".mjpg", ".h264",
                                                   ".264", ".avc", ".hevc", ".h265", ".265", ".ivf",   ".nut"};
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return false;
  std::string suffix = name.substr(dot);
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::find(std::begin(kSuffixes), std::end(kSuffixes), suffix) != std::end(kSuffixes);
}

}  // namespace capillaryx
