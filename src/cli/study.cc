// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "capillaryx/error.h"
#include "capillaryx/frame.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "source/folder.h"
#include "source/source_name.h"
#include "study/study_file.h"

namespace capillaryx::cli {
namespace {

constexpr const char* kFooter = R"(Example:
  capillaryx study init data            writes data/study.csv, a row per picture and video
  capillaryx analyze data/study.csv -o out

The last folder of a path is the visit, the one above it the subject. Correct the table in any
spreadsheet, and save it as CSV: scale_um_per_px, roi (x y width height), mask (a picture whose black
pixels are left out), exclude (the reason) and note are optional; further columns are labels.)";

struct InitArguments {
  std::string folder;
  std::string output;
  bool force = false;
};

/// Pictures and videos under a folder, as results name them.
std::vector<std::string> input_files(const std::string& folder) {
  std::vector<SkippedInput> skipped;
  std::vector<std::string> files;
  for (const ListedFile& file : list_folder(folder, "", skipped)) files.push_back(file.file);
  for (const SkippedInput& other : skipped) {
    if (has_video_suffix(other.source)) files.push_back(other.source);
  }
  std::sort(files.begin(), files.end(), natural_less);
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

void write_new(const std::string& path, const std::string& text, bool replace) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (replace ? O_TRUNC : O_EXCL);
  const int descriptor = ::open(path.c_str(), flags, 0666);
  if (descriptor < 0 && errno == EEXIST) {
    throw Error(ErrorKind::kOutput, path + " is there already: --force replaces it, -o names another file");
  }
  if (descriptor < 0) throw Error(ErrorKind::kOutput, path + " cannot be written: " + std::strerror(errno));
  const OpenFile file(descriptor);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(descriptor, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(ErrorKind::kOutput, path + " cannot be written: " + std::strerror(errno));
    done += static_cast<std::size_t>(count);
  }
}

int init(const InitArguments& arguments) {
  std::string folder = arguments.folder;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  const std::vector<std::string> files = input_files(folder);
  if (files.empty()) throw Error(ErrorKind::kInput, "the folder " + folder + " holds no picture and no video");
  const Study study = guess_study(files);
  const std::string output =
      arguments.output.empty() ? (std::filesystem::path(folder) / "study.csv").string() : arguments.output;
  write_new(output, study_text(study), arguments.force);
  std::set<std::string> subjects;
  std::set<std::pair<std::string, std::string>> visits;
  for (const StudyRow& row : study.rows) {
    subjects.insert(row.labels.at("subject"));
    visits.emplace(row.labels.at("subject"), row.labels.at("visit"));
  }
  fmt::print("{}: {} files, {} subjects, {} visits, guessed from folders. Check it before the run.\n",
             printable(output), files.size(), subjects.size(), visits.size());
  return kAllAnalysed;
}

}  // namespace

void add_study(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("study", "Write a study file: which file is which subject, visit and condition");
  command->require_subcommand(1);
  auto* start = command->add_subcommand("init", "Write study.csv for a folder, guessed from its subfolders");
  auto arguments = std::make_shared<InitArguments>();
  start->add_option("FOLDER", arguments->folder, "a folder of pictures and videos")->required();
  start->add_option("-o,--output", arguments->output, "the file to write (default: study.csv in FOLDER)");
  start->add_flag("--force", arguments->force, "replace the file");
  start->footer(kFooter);
  start->callback([&action, arguments] { action = [arguments] { return init(*arguments); }; });
}

}  // namespace capillaryx::cli
