// SPDX-License-Identifier: Apache-2.0
#include "source/ffmpeg_log.h"

#include <charconv>
#include <limits>
#include <utility>

#include "source/source_name.h"

namespace capillaryx {
namespace {

constexpr std::size_t kMaxLineBytes = 4096;
constexpr std::size_t kMaxReasonBytes = 400;
constexpr std::size_t kMaxMessages = 64;
constexpr std::string_view kVideoName = "file:/dev/fd/3";

// A message as a line that is the same on every run: without addresses, our name of the file, and what another thread
// of ffmpeg 7 wrote into the middle of FFV1's message, which comes in two parts.
std::string clean(std::string_view text) {
  for (const std::string_view end :
       {"!at ", "frame:", "x=1", "demuxer", "filter", "encoder <", "encoder -", "muxer <"}) {
    const std::size_t at = text.find(end);
    if (at != std::string_view::npos && at > 0 && text.find("slice CRC mismatch") < at) text = text.substr(0, at);
  }
  std::string out;
  while (!text.empty() && out.size() < kMaxReasonBytes) {
    if (text.starts_with(" @ 0x") || text.starts_with("(0x")) {
      text.remove_prefix(text.find('x') + 1);
      while (!text.empty() && std::string_view("0123456789abcdef").find(text[0]) != std::string_view::npos) {
        text.remove_prefix(1);
      }
    } else if (text.starts_with(kVideoName)) {
      text.remove_prefix(kVideoName.size());
      out += "the video";
    } else {
      out += static_cast<unsigned char>(text[0]) < 0x20 ? ' ' : text[0];
      text.remove_prefix(1);
    }
  }
  return source_name(out);
}

// The number behind `key`, as in " pts:480000"; nothing if there is none.
std::optional<std::int64_t> number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + key.size());
  while (text.starts_with(' ')) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number == std::numeric_limits<std::int64_t>::min()) return std::nullopt;  // no time
  return number;
}

// "192x128".
std::array<int, 2> size_of(std::string_view text) {
  std::array<int, 2> size{};
  const char* const end = text.data() + text.size();
  const auto [cross, error] = std::from_chars(text.data(), end, size[0]);
  if (error != std::errc() || cross == end || *cross != 'x') return {};
  if (std::from_chars(cross + 1, end, size[1]).ec != std::errc()) return {};
  return size;
}

std::optional<double> time_of(std::string_view text, std::optional<std::int64_t> pts) {
  const auto over = number_after(text, " time_base:");
  const std::size_t slash = text.rfind('/');
  if (!pts || !over || slash == std::string_view::npos) return std::nullopt;
  const auto under = number_after(text.substr(slash), "/");
  if (!under || *under <= 0 || *over <= 0) return std::nullopt;
  return static_cast<double>(*pts) * static_cast<double>(*over) / static_cast<double>(*under);
}

void append_message(std::string& line, const std::string& message) {
  if (line.size() + message.size() > kMaxReasonBytes && !line.empty()) return;
  line += (line.empty() ? "" : "; ") + message;
}

// The versions' words for a packet that gave no frame.
bool is_rejection(std::string_view text) {
  return text.starts_with("Error while decoding stream") || text.starts_with("Error submitting packet to decoder") ||
         text.starts_with("Decoding error");
}

}  // namespace

void FfmpegLog::add(std::string_view bytes) {
  for (const char c : bytes) {
    if (c == '\n' || c == '\r') {
      if (!line_.empty()) add_line(line_);
      line_.clear();
    } else if (line_.size() < kMaxLineBytes) {
      line_ += c;
    }
  }
}

std::optional<FfmpegLog::Page> FfmpegLog::take_page() {
  if (queue_.empty()) return std::nullopt;
  Page page = std::move(queue_.front());
  queue_.pop_front();
  return page;
}

std::optional<FfmpegLog::Output> FfmpegLog::take_output() {
  if (outputs_.empty()) return std::nullopt;
  const Output output = outputs_.front();
  outputs_.pop_front();
  return output;
}

// "[mjpeg @ 0x5621] [error] error y=4 x=28": any number of contexts, then the level.
void FfmpegLog::add_line(std::string_view line) {
  std::string_view rest = line;
  if (const std::size_t at = line.find("decoder -> "); mapped_ && at != std::string_view::npos) {
    return add_info("", line.substr(at));  // also behind part of another thread's line
  }
  while (rest.starts_with('[')) {
    const std::size_t close = rest.find("] ");
    if (close == std::string_view::npos) return;
    const std::string_view word = rest.substr(1, close - 1);
    const std::string_view contexts = line.substr(0, line.size() - rest.size());
    rest.remove_prefix(close + 2);
    if (word == "error" || word == "fatal" || word == "panic") return add_message(contexts, rest);
    if (word == "info") return add_info(contexts, rest);
    if (word == "warning" || word == "verbose" || word == "debug") return;
  }
}

bool FfmpegLog::is_about_file(std::string_view contexts) const {
  return contexts.starts_with("[in#0") || (!format_.empty() && contexts.starts_with("[" + format_ + " @"));
}

std::string FfmpegLog::file_messages() const {
  std::string line;
  for (const Message& message : messages_) {
    if (is_about_file(message.contexts)) append_message(line, message.text);
  }
  return line;
}

std::string FfmpegLog::all_messages() const {
  std::string line;
  for (const Message& message : messages_) append_message(line, message.text);
  return line;
}

void FfmpegLog::add_message(std::string_view contexts, std::string_view text) {
  if (is_rejection(text)) {
    std::string reason = std::exchange(pending_, {});
    if (reason.empty()) reason = clean(text);
    queue_.push_back({pages_++, std::nullopt, std::nullopt, std::nullopt, "ffmpeg: " + reason, false});
    last_rejected_ = true;
    if (!coding_.all_key) {
      spoilt_ = true;
      spoilt_through_ = pages_ - 1 + coding_.reorder;
    }
    return;
  }
  std::string message = clean(std::string(contexts) + std::string(text));
  // What looks at the file before decoding begins decodes a few frames, which are decoded again.
  if (mapped_ && !is_about_file(contexts)) append_message(pending_, message);
  if (messages_.size() < kMaxMessages) messages_.push_back({std::string(contexts), std::move(message)});
}

void FfmpegLog::add_info(std::string_view contexts, std::string_view text) {
  if (text.starts_with("decoder -> ")) {
    auto pts = number_after(text, " best_effort_ts:");
    if (!pts) pts = number_after(text, " pts:");
    if (!pts) pts = number_after(text, "-> pts:");
    // MPEG-4 and its kin: a packet is refused, its picture comes all the same, without a time.
    if (!pts && last_rejected_ && timed_) {
      queue_.push_back({pages_ - 1, decoded_++, std::nullopt, std::nullopt, {}, true});
      return;
    }
    last_rejected_ = false;
    timed_ = timed_ || pts;
    const std::optional<double> time_s = time_of(text, pts);
    const bool key = text.find(" keyframe:1") != std::string_view::npos;
    std::string failure;
    if (!pending_.empty()) {
      failure = "ffmpeg: " + std::exchange(pending_, {});
      if (!coding_.all_key) {
        spoilt_ = true;
        spoilt_through_ = pages_ + coding_.reorder;
      }
    } else if (spoilt_) {
      spoilt_ = !key || (decoded_ > 0 && pages_ <= spoilt_through_);
      if (spoilt_) failure = "it is predicted from a frame that is damaged";
    }
    queue_.push_back({pages_++, decoded_++, pts, time_s, std::move(failure), false});
  } else if (contexts.starts_with("[Parsed_showinfo")) {
    if (!text.starts_with("n:")) return;
    const std::size_t at = text.find(" s:");
    outputs_.push_back({number_after(text, " pts:"),
                        at == std::string_view::npos ? std::array<int, 2>{} : size_of(text.substr(at + 3))});
  } else if (contexts.starts_with("[Parsed_metadata")) {
    if (text.starts_with("frame:")) outputs_.push_back({number_after(text, " pts:"), changed_size_});
  } else if (text.starts_with("Reconfiguring filter graph")) {
    changed_size_ = size_of(text.substr(text.rfind(' ') + 1));
  } else if (text.starts_with("Stream mapping:")) {
    mapped_ = true;
  } else if (format_.empty() && text.starts_with("Input #0, ")) {
    const std::string_view name = text.substr(10);
    format_ = name.substr(0, name.find(", from '"));
  } else if (stream_line_.empty() && text.find("Stream #") != std::string_view::npos) {
    if (text.find(": Video: ") != std::string_view::npos && text.find("(attached pic)") == std::string_view::npos) {
      stream_line_ = text;
    }
  } else if (const std::size_t at = text.find("rotation of "); rotation_ == 0 && at != std::string_view::npos) {
    rotation_ = static_cast<double>(number_after(text, "rotation of ").value_or(0));
  }
}

}  // namespace capillaryx
