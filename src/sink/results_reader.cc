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
#include "sink/clip_line.h"
#include "sink/input_line.h"

namespace capillaryx {
namespace {

using nlohmann::json;

constexpr std::size_t kChunkBytes = 1 << 16;
constexpr std::string_view kSummaryLineStart = R"({"type":"summary")";
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
  const json schema = run.value("schema", json());
  if (schema != 1 && schema != kSchema) {
    throw Error(ErrorKind::kInput, name + " has another schema than 1 and " + std::to_string(kSchema) +
                                       ": read it with the version that wrote it");
  }
  return run;
}

/// What `parse` gives, `place` before what it says against the line.
template <class Parse>
auto parsed(const std::string& place, const Parse& parse) {
  try {
    return parse();
  } catch (const Error& error) {
    throw Error(ErrorKind::kInput, place + error.what());
  }
}

}  // namespace

void set_input(FrameResult& result, std::shared_ptr<const InputInfo> input) {
  result.value_range = input->value_range;
  if (result.scale_um_per_px) result.scale_from = input->scale_from;
  result.magnification = input->magnification;
  result.input = std::move(input);
}

std::string comparable(std::string_view line) {
  // The members are the last of their lines; a name that looks like one stands deeper or inside a text.
  int depth = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c != '"') continue;
    const std::string_view rest = line.substr(i);
    if (depth == 1 && i > 0 && line[i - 1] == ',' &&
        (rest.starts_with(R"("timing":)") || rest.starts_with(R"("host":)"))) {
      return std::string(line.substr(0, i - 1)) + "}";
    }
    for (++i; i < line.size() && line[i] != '"'; ++i) {
      if (line[i] == '\\') ++i;
    }
  }
  return std::string(line);
}

JournalState read_journal(int descriptor, const std::string& name, const std::function<void(FrameResult)>& on_frame,
                          const OnLine& on_line) {
  JournalState state;
  LineReader lines(descriptor, name);
  std::string_view line;
  if (!lines.next(line)) return state;
  state.run = parse_run_line(line, name);
  const bool has_inputs = state.run["schema"] != 1;
  if (on_line) on_line(line, 0);
  state.whole_bytes = static_cast<std::int64_t>(line.size()) + 1;
  for (std::int64_t number = 2; lines.next(line); ++number) {
    const std::string place = name + ", line " + std::to_string(number) + ": ";
    if (!state.summary.is_null()) throw Error(ErrorKind::kInput, place + "a line after the summary");
    if (on_line) on_line(line, state.whole_bytes);
    if (line.starts_with(kSummaryLineStart)) {
      state.summary = json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (!state.summary.is_object()) throw Error(ErrorKind::kInput, place + "a damaged summary");
    } else if (has_inputs && line.starts_with(kClipLineStart)) {
      if (state.frames == 0 || !json::accept(line)) throw Error(ErrorKind::kInput, place + "a damaged clip");
    } else if (has_inputs && line.starts_with(kInputLineStart)) {
      auto input = std::make_shared<const InputInfo>(parsed(place, [line] { return parse_input_line(line); }));
      const std::string& file = input->file;
      if (!state.inputs.emplace(file, input).second) throw Error(ErrorKind::kInput, place + "a second line of a file");
    } else {
      FrameResult result = parsed(place, [line] { return parse_frame_line(line); });
      if (result.index != state.frames) throw Error(ErrorKind::kInput, place + "frames are not in order 0, 1, 2, ...");
      if (has_inputs && result.page) {
        const auto input = state.inputs.find(result.file);
        if (input == state.inputs.end()) throw Error(ErrorKind::kInput, place + "its file has no input line");
        set_input(result, input->second);
      }
      ++state.frames;
      if (on_frame) on_frame(std::move(result));
    }
    state.whole_bytes += static_cast<std::int64_t>(line.size()) + 1;
  }
  return state;
}

namespace {

std::unique_ptr<OpenFile> open_journal(const std::filesystem::path& file) {
  const std::string name = file.string();
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) throw Error(ErrorKind::kInput, name + " cannot be opened: " + std::strerror(errno));
  auto open_file = std::make_unique<OpenFile>(descriptor);
  struct stat about {};
  if (::fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode)) {
    throw Error(ErrorKind::kInput, name + " is not a file");
  }
  return open_file;
}

}  // namespace

JournalState read_journal(const std::filesystem::path& file, const std::function<void(FrameResult)>& on_frame,
                          const OnLine& on_line) {
  const std::unique_ptr<OpenFile> journal = open_journal(file);
  return read_journal(journal->descriptor(), file.string(), on_frame, on_line);
}

json read_run_line(const std::filesystem::path& file) {
  const std::unique_ptr<OpenFile> journal = open_journal(file);
  LineReader lines(journal->descriptor(), file.string());
  std::string_view line;
  return lines.next(line) ? parse_run_line(line, file.string()) : json();
}

}  // namespace capillaryx
