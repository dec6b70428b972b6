// SPDX-License-Identifier: Apache-2.0
#include "sink/results_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

using nlohmann::json;

constexpr std::size_t kChunkBytes = 1 << 16;
constexpr std::size_t kLongestLineBytes = 256 << 20;

/// The lines of a file, one after another.
class LineReader {
 public:
  LineReader(int descriptor, const std::string& name) : descriptor_(descriptor), name_(name) {}

  /// The next line without its newline, or false where no whole line is left. The view lasts until the next call.
  bool next(std::string_view& line) {
    for (;;) {
      const auto* newline = static_cast<const char*>(
          searched_ < buffer_.size() ? std::memchr(buffer_.data() + searched_, '\n', buffer_.size() - searched_)
                                     : nullptr);
      if (newline != nullptr) {
        const auto end = static_cast<std::size_t>(newline - buffer_.data());
        line = std::string_view(buffer_).substr(start_, end - start_);
        start_ = searched_ = end + 1;
        return true;
      }
      searched_ = buffer_.size();
      if (!read_more()) return false;
    }
  }

 private:
  bool read_more() {
    buffer_.erase(0, start_);
    searched_ -= start_;
    start_ = 0;
    const std::size_t old_size = buffer_.size();
    if (old_size > kLongestLineBytes) {
      throw Error(ErrorKind::kInput, name_ + " has a line of more than 256 MB: it is no results file of this program");
    }
    buffer_.resize(old_size + kChunkBytes);
    ssize_t count = 0;
    do {
      count = ::pread(descriptor_, buffer_.data() + old_size, kChunkBytes, offset_);
    } while (count < 0 && errno == EINTR);
    if (count < 0) throw Error(ErrorKind::kInput, name_ + " cannot be read: " + std::strerror(errno));
    buffer_.resize(old_size + static_cast<std::size_t>(count));
    offset_ += count;
    return count > 0;
  }

  int descriptor_;
  const std::string& name_;
  std::string buffer_;
  std::size_t start_ = 0;     ///< of the line under way
  std::size_t searched_ = 0;  ///< up to here there is no newline
  off_t offset_ = 0;
};

json parse_run_line(std::string_view line, const std::string& name) {
  json run = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!run.is_object() || run.value("type", json()) != "run") {
    throw Error(ErrorKind::kInput, name + " is no results file of this program: its first line is not a run line");
  }
  if (run.value("schema", json()) != 1) {
    throw Error(ErrorKind::kInput, name + " has another schema than 1: read it with the version that wrote it");
  }
  return run;
}

}  // namespace

JournalState read_journal(int descriptor, const std::string& name, const std::function<void(FrameResult)>& on_frame) {
  JournalState state;
  LineReader lines(descriptor, name);
  std::string_view line;
  if (!lines.next(line)) return state;
  state.run = parse_run_line(line, name);
  state.whole_bytes = static_cast<std::int64_t>(line.size()) + 1;
  for (std::int64_t number = 2; lines.next(line); ++number) {
    const std::string place = name + ", line " + std::to_string(number) + ": ";
    if (!state.summary.is_null()) throw Error(ErrorKind::kInput, place + "a line after the summary");
    constexpr std::string_view kSummaryStart = R"({"type":"summary")";
    if (line.starts_with(kSummaryStart)) {
      state.summary = json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (!state.summary.is_object()) throw Error(ErrorKind::kInput, place + "a damaged summary");
    } else {
      FrameResult result;
      try {
        result = parse_frame_line(line);
      } catch (const Error& error) {
        throw Error(ErrorKind::kInput, place + error.what());
      }
      if (result.index != state.frames) throw Error(ErrorKind::kInput, place + "frames are not in order 0, 1, 2, ...");
      ++state.frames;
      if (on_frame) on_frame(std::move(result));
    }
    state.whole_bytes += static_cast<std::int64_t>(line.size()) + 1;
  }
  return state;
}

JournalState read_journal(const std::filesystem::path& file, const std::function<void(FrameResult)>& on_frame) {
  const std::string name = file.string();
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) throw Error(ErrorKind::kInput, name + " cannot be opened: " + std::strerror(errno));
  const OpenFile open_file(descriptor);
  struct stat about {};
  if (::fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode)) {
    throw Error(ErrorKind::kInput, name + " is not a file");
  }
  return read_journal(descriptor, name, on_frame);
}

}  // namespace capillaryx
