// SPDX-License-Identifier: Apache-2.0
#include "cli/coded_inputs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <random>
#include <system_error>
#include <utility>

#include "capillaryx/error.h"
#include "capillaryx/frame.h"
#include "image/image.h"
#include "source/folder.h"
#include "source/source_name.h"
#include "study/pseudonyms.h"
#include "study/study_files.h"

namespace capillaryx::cli {
namespace {

namespace fs = std::filesystem;

/// A study of every file that the inputs name, and where each lies.
struct FoundFiles {
  Study study;
  std::map<std::string, std::string> paths;  ///< file -> path
};

FoundFiles find_files(const std::vector<std::string>& inputs) {
  FoundFiles found;
  std::vector<std::string> guessed;
  const auto add = [&](const std::string& file, const std::string& path) {
    if (!found.paths.emplace(file, fs::absolute(path).string()).second) {
      throw Error(ErrorKind::kUsage, "two inputs are named " + file + ": give one folder above them");
    }
  };
  for (const std::string& input : inputs) {
    struct stat about {};
    if (::stat(input.c_str(), &about) != 0) {
      throw Error(ErrorKind::kInput, source_name(input) + ": " + std::strerror(errno));
    }
    if (S_ISDIR(about.st_mode)) {
      std::vector<SkippedInput> skipped;
      for (const ListedFile& file : list_folder(input, "", skipped)) {
        add(file.file, file.path);
        guessed.push_back(file.file);
      }
    } else if (fs::path(input).extension() == ".csv") {
      if (!found.study.rows.empty()) throw Error(ErrorKind::kUsage, "two study files are given");
      found.study = parse_study(read_small_file(input), input);
      for (const StudyRow& row : found.study.rows) {
        add(row.file, (fs::path(input).parent_path() / path_of_name(row.file)).string());
      }
    } else {
      add(source_name(input), input);
      guessed.push_back(source_name(input));
    }
  }
  Study rest = guess_study(guessed);
  if (found.study.rows.empty()) found.study.label_columns = rest.label_columns;
  for (StudyRow& row : rest.rows) found.study.rows.push_back(std::move(row));
  if (found.study.rows.empty()) throw Error(ErrorKind::kInput, "the inputs hold no file");
  return found;
}

void write_new(const std::string& path, const std::string& text, mode_t mode) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (descriptor < 0) throw Error(ErrorKind::kOutput, path + " cannot be written: " + std::strerror(errno));
  const OpenFile file(descriptor);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(descriptor, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(ErrorKind::kOutput, path + " cannot be written: " + std::strerror(errno));
    done += static_cast<std::size_t>(count);
  }
  if (::fsync(descriptor) != 0) throw Error(ErrorKind::kOutput, path + " cannot be written: " + std::strerror(errno));
}

/// The key's text; made if it is not there.
std::string read_or_make_key(const std::string& key_file, const Study& study) {
  struct stat about {};
  if (::lstat(key_file.c_str(), &about) != 0) {
    std::random_device device;
    const auto draw = [&](std::size_t below) {
      return std::uniform_int_distribution<std::size_t>(0, below - 1)(device);
    };
    std::string text = study_text(make_key(study, draw));
    write_new(key_file, text, 0600);
    return text;
  }
  if ((about.st_mode & 077U) != 0 || about.st_uid != ::geteuid()) {
    throw Error(ErrorKind::kInput, key_file + " can be read by others: it must be yours alone (chmod 600)");
  }
  return read_small_file(key_file);
}

void remove_links(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.is_symlink(ignored) || entry.path().filename() == "study.csv") fs::remove(entry.path(), ignored);
  }
  fs::remove(folder, ignored);
}

/// A folder that nobody else can have put there.
void make_private_folder(const fs::path& folder) {
  struct stat about {};
  if (::lstat(folder.c_str(), &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == ::geteuid()) {
    remove_links(folder);  // of a run that was killed
  }
  if (::mkdir(folder.c_str(), 0700) != 0) {
    throw Error(ErrorKind::kOutput, folder.string() + " cannot be made: " + std::strerror(errno) +
                                        "; is another run with this key at work?");
  }
}

}  // namespace

CodedInputs::CodedInputs(const std::vector<std::string>& inputs, const std::string& key_file) {
  const FoundFiles found = find_files(inputs);
  const std::string key = read_or_make_key(key_file, found.study);
  const Pseudonyms names = apply_key(parse_study(key, key_file), found.study, key_file);
  Sha256 hash;
  hash.update(key);
  folder_ = fs::temp_directory_path() / ("capillaryx-" + hash.hex().substr(0, 16));
  make_private_folder(folder_);
  try {
    for (const auto& [code, file] : names.files) {
      if (::symlink(found.paths.at(file).c_str(), (folder_ / code).c_str()) != 0) {
        throw Error(ErrorKind::kOutput, folder_.string() + ": no link can be made: " + std::strerror(errno));
      }
    }
    write_new(study_file(), study_text(names.coded), 0600);
  } catch (...) {
    remove_links(folder_);
    throw;
  }
}

CodedInputs::~CodedInputs() { remove_links(folder_); }

}  // namespace capillaryx::cli
