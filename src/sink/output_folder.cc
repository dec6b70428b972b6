// SPDX-License-Identifier: Apache-2.0
#include "sink/output_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>
#include <utility>

#include "capillaryx/error.h"
#include "sink/json_text.h"

namespace capillaryx {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;
constexpr std::size_t kStemBytes = 60;
constexpr std::string_view kTemporaryEnd = ".partial";

/// Whether a character beyond ASCII shows as what it is: no control, direction mark, separator or private use.
bool is_plain(char32_t code) {
  if (code < 0xA1 || code == 0xAD || code == 0xFEFF) return false;
  if (code >= 0x2000 && code <= 0x206F) return false;
  if (code >= 0xE000 && code <= 0xF8FF) return false;
  return code < 0xFFF0;
}

}  // namespace

void throw_output_error(const std::string& what, int code) {
  std::string advice;
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      advice = "free some space, then run the same command again with --resume";
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      advice = "choose a folder that you may write to";
      break;
    case ENOENT:
    case ESTALE:
      advice = "the folder has vanished; bring it back and run the same command again with --resume";
      break;
    case ELOOP:
      advice = "links inside the output folder are not followed; remove it or choose another folder";
      break;
    case ENOTDIR:
      advice = "choose the name of a folder";
      break;
    case EFBIG:
      advice = "this file system or user has a limit on the size of a file; choose another folder";
      break;
    default:
      advice = "fix that, then run the same command again with --resume";
  }
  throw Error(ErrorKind::kOutput, what + ": " + std::strerror(code) + "; " + advice);
}

std::string picture_stem(std::int64_t index, std::string_view source) {
  source.remove_prefix(source.rfind('/') == std::string_view::npos ? 0 : source.rfind('/') + 1);
  const std::size_t hash = source.rfind('#');
  const std::size_t dot = source.substr(0, hash).rfind('.');
  std::string name(source);
  if (dot != std::string_view::npos && dot > 0) {
    name = std::string(source.substr(0, dot));
    if (hash != std::string_view::npos) name += source.substr(hash);
  }
  const std::string safe = safe_stem(name);
  return fmt::format("{:06}_{}", index, safe.empty() ? "frame" : safe);
}

std::string safe_stem(std::string_view name) {
  std::string safe;
  for (std::size_t i = 0; i < name.size();) {
    char32_t code = 0;
    const std::size_t length = std::max<std::size_t>(1, utf8_character(name, i, code));
    const bool ascii_safe = (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
                            (code >= 'a' && code <= 'z') || code == '-' || code == '_' || code == '.';
    if (safe.size() + length > kStemBytes) break;
    if (ascii_safe || (code >= 0x80 && is_plain(code))) {
      safe.append(name.substr(i, length));
    } else {
      safe += '_';
    }
    i += length;
  }
  while (!safe.empty() && safe.back() == '.') safe.pop_back();
  return safe;
}

std::int64_t picture_index(std::string_view name) {
  const std::size_t end = name.find('_');
  if (end == std::string_view::npos || end < 6) return -1;
  std::int64_t index = -1;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + end, index);
  if (error != std::errc() || stop != name.data() + end || name[0] == '-') return -1;
  return index;
}

bool is_temporary(std::string_view name) { return name.starts_with('.') && name.ends_with(kTemporaryEnd); }

std::string temporary_name(const std::string& name) { return "." + name + std::string(kTemporaryEnd); }

OutputFolder::OutputFolder(const std::filesystem::path& path, bool make) : path_(path) {
  if (make) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error && !std::filesystem::is_directory(path)) {
      throw_output_error("the output folder " + path.string() + " cannot be made", error.value());
    }
  }
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw_output_error("the output folder " + path.string() + " cannot be opened", errno);
  folder_ = std::make_shared<OpenFile>(descriptor);
}

OutputFolder OutputFolder::subfolder(const std::string& name, bool make) const {
  const std::filesystem::path path = path_ / name;
  if (make && ::mkdirat(at(), name.c_str(), 0777) != 0 && errno != EEXIST) {
    throw_output_error("the folder " + path.string() + " cannot be made", errno);
  }
  const int descriptor = ::openat(at(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) throw_output_error("the folder " + path.string() + " cannot be opened", errno);
  return {path, std::make_shared<OpenFile>(descriptor)};
}

std::vector<std::string> OutputFolder::names() const {
  const int descriptor = ::openat(at(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* listing = descriptor < 0 ? nullptr : ::fdopendir(descriptor);
  if (listing == nullptr) {
    const int code = errno;
    if (descriptor >= 0) ::close(descriptor);
    throw_output_error("the folder " + path_.string() + " cannot be listed", code);
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(listing);
  std::sort(names.begin(), names.end());
  return names;
}

bool OutputFolder::has(const std::string& name) const {
  struct stat about {};
  return ::fstatat(at(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0;
}

bool OutputFolder::has_folder(const std::string& name) const {
  struct stat about {};
  return ::fstatat(at(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode);
}

std::shared_ptr<const OpenFile> OutputFolder::open(const std::string& name) const {
  // O_NONBLOCK: a pipe of that name must not be waited for.
  const int descriptor = ::openat(at(), name.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) return nullptr;
    throw_output_error((path_ / name).string() + " cannot be opened", errno);
  }
  auto file = std::make_shared<OpenFile>(descriptor);
  struct stat about {};
  if (::fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode)) {
    throw Error(ErrorKind::kOutput, (path_ / name).string() + " is not a file; choose another output folder");
  }
  return file;
}

std::shared_ptr<const OpenFile> OutputFolder::create(const std::string& name) const {
  auto file = try_create(name);
  if (!file) throw_output_error((path_ / name).string() + " cannot be made", errno);
  return file;
}

std::shared_ptr<const OpenFile> OutputFolder::create_anew(const std::string& name) const {
  // There is seldom anything to remove.
  if (auto file = try_create(name)) return file;
  remove(name);
  return create(name);
}

std::shared_ptr<const OpenFile> OutputFolder::try_create(const std::string& name) const {
  const int descriptor = ::openat(at(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  return descriptor < 0 ? nullptr : std::make_shared<OpenFile>(descriptor);
}

void OutputFolder::rename(const std::string& from, const std::string& to) const {
  if (::renameat(at(), from.c_str(), at(), to.c_str()) != 0) {
    throw_output_error((path_ / to).string() + " cannot be put in place", errno);
  }
}

void OutputFolder::remove(const std::string& name) const {
  if (::unlinkat(at(), name.c_str(), 0) != 0 && errno != ENOENT) {
    throw_output_error((path_ / name).string() + " cannot be removed", errno);
  }
}

bool OutputFolder::remove_folder(const std::string& name) const {
  return ::unlinkat(at(), name.c_str(), AT_REMOVEDIR) == 0;
}

void OutputFolder::sync() const { ::fsync(at()); }

NewFile::NewFile(const OutputFolder& folder, std::string name) : folder_(folder), name_(std::move(name)) {
  file_ = folder_.create_anew(temporary_name(name_));
}

NewFile::~NewFile() {
  if (committed_) return;
  try {
    folder_.remove(temporary_name(name_));
  } catch (const Error&) {  // nothing is left to be done; the next run clears leftovers
  }
}

void NewFile::write(std::string_view text) {
  buffer_.append(text);
  if (buffer_.size() >= kBufferBytes) flush();
}

void NewFile::flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t count = ::write(file_->descriptor(), left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0)
      throw_output_error((folder_.path() / name_).string() + " cannot be written", count < 0 ? errno : ENOSPC);
    left.remove_prefix(static_cast<std::size_t>(count));
  }
  buffer_.clear();
}

void NewFile::commit(bool durable) {
  flush();
  if (durable && ::fsync(file_->descriptor()) != 0 && errno != EINVAL && errno != EROFS) {
    throw_output_error((folder_.path() / name_).string() + " cannot be written", errno);
  }
  folder_.rename(temporary_name(name_), name_);
  committed_ = true;
}

}  // namespace capillaryx
