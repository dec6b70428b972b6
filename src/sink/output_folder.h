// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "capillaryx/frame.h"

namespace capillaryx {

/// Throws Error (kOutput): `what` failed with the system's error number `code`, and what to do about it.
[[noreturn]] void throw_output_error(const std::string& what, int code);

/// A safe and short file stem for frame `index` of `source`: "000012_name". No two frames have the same.
std::string picture_stem(std::int64_t index, std::string_view source);

/// `name` with every character replaced that is unsafe in a file name on some system, and cut to 60 bytes.
std::string safe_stem(std::string_view name);

/// The frame index that such a name starts with, or -1 where the name is none of ours.
std::int64_t picture_index(std::string_view name);

/// A folder that is written into by name, never through a link: every name is opened beside the folder's own
/// descriptor with O_NOFOLLOW. Throws Error (kOutput).
/// Threads: one at a time.
class OutputFolder {
 public:
  /// Opens `path`, made with its parents where missing and `make` is set.
  OutputFolder(const std::filesystem::path& path, bool make);

  /// A folder `name` inside, made where missing and `make` is set. A link or a file of that name is an Error.
  OutputFolder subfolder(const std::string& name, bool make) const;

  const std::filesystem::path& path() const { return path_; }

  /// Names inside, sorted, without "." and "..".
  std::vector<std::string> names() const;
  /// Whether there is an entry of that name of whatever kind.
  bool has(const std::string& name) const;
  /// Whether it is a folder (no link to one).
  bool has_folder(const std::string& name) const;

  /// Opens a regular file to read and write, or null where there is none of that name.
  std::shared_ptr<const OpenFile> open(const std::string& name) const;
  /// Makes a new file, to read and write. An Error where the name is taken.
  std::shared_ptr<const OpenFile> create(const std::string& name) const;
  /// The same, where the name is taken by a file (or a link) in place of that.
  std::shared_ptr<const OpenFile> create_anew(const std::string& name) const;
  void rename(const std::string& from, const std::string& to) const;
  /// Removes a file (or the link of that name); nothing happens where there is none.
  void remove(const std::string& name) const;
  /// Removes an empty folder; says whether it could.
  bool remove_folder(const std::string& name) const;
  /// Makes what was written and renamed survive a loss of power.
  void sync() const;

 private:
  OutputFolder(std::filesystem::path path, std::shared_ptr<const OpenFile> folder)
      : path_(std::move(path)), folder_(std::move(folder)) {}
  int at() const { return folder_->descriptor(); }
  /// Null, with errno set, where it cannot be made.
  std::shared_ptr<const OpenFile> try_create(const std::string& name) const;

  std::filesystem::path path_;
  std::shared_ptr<const OpenFile> folder_;
};

/// A file that takes its name only when it is whole: written under a temporary name, which goes again where commit()
/// is not reached. Throws Error (kOutput).
class NewFile {
 public:
  NewFile(const OutputFolder& folder, std::string name);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::string_view text);
  /// Gives the file its name; `durable`: only once it would survive a loss of power.
  void commit(bool durable = true);

 private:
  void flush();

  const OutputFolder& folder_;
  std::string name_;
  std::shared_ptr<const OpenFile> file_;
  std::string buffer_;
  bool committed_ = false;
};

/// Whether `name` is that of a temporary file of ours.
bool is_temporary(std::string_view name);
/// The temporary name under which `name` is written.
std::string temporary_name(const std::string& name);

}  // namespace capillaryx
