// SPDX-License-Identifier: Apache-2.0
#include "sink/results_index.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>

#include "capillaryx/error.h"
#include "sink/input_line.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

constexpr std::size_t kEntryBytes = 32;
constexpr std::size_t kOffsetDigits = 15;
constexpr std::size_t kChunkBytes = 1 << 16;

std::string read_at(const OpenFile& file, std::size_t size, std::int64_t offset) {
  std::string bytes(size, '\0');
  ssize_t count = 0;
  do {
    count = ::pread(file.descriptor(), bytes.data(), size, offset);
  } while (count < 0 && errno == EINTR);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

/// The line that starts at `offset`; nothing if there is no whole one.
std::optional<std::string> line_at(const OpenFile& file, std::int64_t offset) {
  std::string line;
  for (;;) {
    const std::string chunk = read_at(file, kChunkBytes, offset + static_cast<std::int64_t>(line.size()));
    const std::size_t end = chunk.find('\n');
    line.append(chunk, 0, end);
    if (end != std::string::npos) return line;
    if (chunk.empty()) return std::nullopt;
  }
}

std::optional<std::int64_t> offset_of(std::string_view digits) {
  std::int64_t offset = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
  if (error != std::errc() || end != digits.data() + digits.size() || offset < 0) return std::nullopt;
  return offset;
}

OpenFile open_for_reading(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) throw Error(ErrorKind::kInput, path.string() + " cannot be opened");
  return OpenFile(descriptor);
}

}  // namespace

IndexFile::IndexFile(const OutputFolder& folder) : file_(folder, kResultsIndex) {}

void IndexFile::add_line(std::string_view line, std::int64_t offset) {
  offset_ = offset;
  if (line.starts_with(kInputLineStart)) inputs_[parse_input_line(line).file] = offset;
}

void IndexFile::add_frame(const FrameResult& result) {
  const auto input = result.input ? inputs_.find(result.file) : inputs_.end();
  file_.write(fmt::format("{:0{}} {:0{}}\n", offset_, kOffsetDigits, input == inputs_.end() ? 0 : input->second,
                          kOffsetDigits));
}

FrameResult read_frame(const std::filesystem::path& folder, std::int64_t index) {
  const OpenFile offsets = open_for_reading(folder / kResultsIndex);
  const OpenFile journal = open_for_reading(folder / "results.jsonl");
  const auto misfit = [&folder](const std::string& what) {
    return Error(ErrorKind::kInput, (folder / kResultsIndex).string() + " " + what +
                                        "; make it again with: capillaryx report " + folder.string());
  };
  const std::string entry =
      index < 0 ? std::string() : read_at(offsets, kEntryBytes, index * static_cast<std::int64_t>(kEntryBytes));
  if (entry.size() != kEntryBytes) throw misfit("has no frame " + std::to_string(index));
  const auto frame_at = offset_of(std::string_view(entry).substr(0, kOffsetDigits));
  const auto input_at = offset_of(std::string_view(entry).substr(kOffsetDigits + 1, kOffsetDigits));
  if (!frame_at || !input_at) throw misfit("is damaged");
  const auto line = line_at(journal, *frame_at);
  if (!line) throw misfit("does not fit results.jsonl");
  FrameResult result;
  try {
    result = parse_frame_line(*line);
    if (*input_at > 0) {
      const auto input_line = line_at(journal, *input_at);
      if (!input_line) throw misfit("does not fit results.jsonl");
      set_input(result, std::make_shared<const InputInfo>(parse_input_line(*input_line)));
    }
  } catch (const Error& error) {
    throw misfit(std::string("does not fit results.jsonl: ") + error.what());
  }
  if (result.index != index || (result.input && result.input->file != result.file)) {
    throw misfit("does not fit results.jsonl");
  }
  return result;
}

}  // namespace capillaryx
