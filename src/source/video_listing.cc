// SPDX-License-Identifier: Apache-2.0
#include "source/video_listing.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace capillaryx {
namespace {

constexpr std::size_t kMaxLineBytes = 1024;
constexpr std::int64_t kMostTimes = 4'000'000;  // 32 MB; a video of more frames has no times for lost frames
constexpr int kUnknownReorder = 16;             // as far as H.264 and HEVC go
constexpr std::int64_t kNoPts = std::numeric_limits<std::int64_t>::min();

// Takes the next field of "0,   12,   12,  1,  2137, 0xd1c072bd, F=0x0".
std::string_view take_field(std::string_view& line) {
  const std::size_t comma = std::min(line.find(','), line.size());
  std::string_view field = line.substr(0, comma);
  line.remove_prefix(std::min(comma + 1, line.size()));
  while (field.starts_with(' ')) field.remove_prefix(1);
  return field;
}

template <class Number>
std::optional<Number> to_number(std::string_view text, int base = 10) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc()) return std::nullopt;
  return number;
}

// The two numbers of "#tb 0: 1/25", "#dimensions 0: 256x192".
std::optional<std::array<std::int64_t, 2>> pair_after(std::string_view line, std::string_view key, char between) {
  if (!line.starts_with(key)) return std::nullopt;
  line.remove_prefix(key.size());
  const std::size_t at = line.find(between);
  if (at == std::string_view::npos) return std::nullopt;
  const auto first = to_number<std::int64_t>(line.substr(0, at));
  const auto second = to_number<std::int64_t>(line.substr(at + 1));
  if (!first || !second) return std::nullopt;
  return std::array<std::int64_t, 2>{*first, *second};
}

}  // namespace

void VideoListing::add(std::string_view bytes) {
  for (const char c : bytes) {
    if (c == '\n') {
      add_line(line_);
      line_.clear();
    } else if (line_.size() < kMaxLineBytes) {
      line_ += c;
    }
  }
}

void VideoListing::add_line(std::string_view line) {
  if (line.starts_with('#')) {
    if (const auto base = pair_after(line, "#tb 0: ", '/'); base && (*base)[0] > 0 && (*base)[1] > 0) {
      time_base_s_ = static_cast<double>((*base)[0]) / static_cast<double>((*base)[1]);
    } else if (const auto size = pair_after(line, "#dimensions 0: ", 'x')) {
      constexpr std::int64_t kMost = std::numeric_limits<int>::max();
      width_ = static_cast<int>(std::clamp<std::int64_t>((*size)[0], 0, kMost));
      height_ = static_cast<int>(std::clamp<std::int64_t>((*size)[1], 0, kMost));
    } else if (const auto shape = pair_after(line, "#sar 0: ", '/')) {
      if ((*shape)[0] > 0 && (*shape)[1] > 0 && (*shape)[0] != (*shape)[1]) {
        pixel_shape_ = fmt::format("{}:{}", (*shape)[0], (*shape)[1]);
      }
    }
    return;
  }
  take_field(line);  // the stream
  take_field(line);  // dts
  const auto pts = to_number<std::int64_t>(take_field(line));
  take_field(line);  // duration
  const auto bytes = to_number<std::int64_t>(take_field(line));
  if (!bytes || *bytes <= 0) return;  // AVI: the frame before is shown for longer
  take_field(line);                   // checksum
  bool key = true;
  while (!line.empty()) {
    const std::string_view field = take_field(line);
    if (field.starts_with("F=0x")) key = (to_number<unsigned>(field.substr(4), 16).value_or(0) & 1U) != 0;
  }
  all_key_ = all_key_ && key;
  ++frames_;
  if (!pts || *pts == kNoPts || frames_ > kMostTimes) timed_ = false;
  if (timed_) pts_.push_back(*pts);
}

void VideoListing::finish() {
  if (!timed_) pts_.clear();
  reorder_ = all_key_ ? 0 : kUnknownReorder;
  if (pts_.empty()) return;
  std::vector<std::size_t> order(pts_.size());  // by time
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) { return pts_[a] < pts_[b]; });
  std::size_t held = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    if (order[rank] > rank) held = std::max(held, order[rank] - rank);
  }
  if (!all_key_) reorder_ = static_cast<int>(std::min<std::size_t>(held, kUnknownReorder));
  std::sort(pts_.begin(), pts_.end());
}

std::optional<double> VideoListing::fps() const {
  if (pts_.size() < 2 || time_base_s_ <= 0 || pts_.back() <= pts_.front()) return std::nullopt;
  const double length_s = (static_cast<double>(pts_.back()) - static_cast<double>(pts_.front())) * time_base_s_;
  return std::round(static_cast<double>(pts_.size() - 1) / length_s * 1000) / 1000;
}

std::optional<double> VideoListing::time_s(std::int64_t page) const {
  if (page < 0 || page >= static_cast<std::int64_t>(pts_.size()) || time_base_s_ <= 0) return std::nullopt;
  return static_cast<double>(pts_[static_cast<std::size_t>(page)]) * time_base_s_;
}

ContainerCheck check_container(const OpenFile& file, std::int64_t coded_frames) {
  std::array<unsigned char, 4096> head{};
  const ssize_t got = ::pread(file.descriptor(), head.data(), head.size(), 0);
  struct stat status {};
  if (got < 32 || ::fstat(file.descriptor(), &status) != 0) return {};
  const std::string_view text(reinterpret_cast<const char*>(head.data()), static_cast<std::size_t>(got));
  const auto number_at = [&](std::size_t at) -> std::int64_t {
    if (at + 4 > text.size()) return 0;
    return static_cast<std::int64_t>(head[at] | head[at + 1] << 8U | head[at + 2] << 16U |
                                     static_cast<std::uint32_t>(head[at + 3]) << 24U);
  };
  ContainerCheck check;
  std::int64_t expected = 0;
  if (text.starts_with("RIFF") && text.substr(8, 4) == "AVI ") {
    const std::int64_t chunk_end = number_at(4) + 8;
    if (chunk_end > status.st_size) {
      check.missing = fmt::format("the file is truncated: it has {} of the {} bytes that its header announces",
                                  static_cast<std::int64_t>(status.st_size), chunk_end);
    }
    // strh: type, handler, flags, priority, language, initial frames, scale, rate, start, length.
    const std::size_t strh = text.find("vids");
    if (strh != std::string_view::npos && strh >= 8 && text.substr(strh - 8, 4) == "strh") {
      expected = number_at(strh + 32);
    }
  } else if (text.starts_with("DKIF")) {
    expected = number_at(24);
  }
  if (expected > coded_frames) {
    check.note = fmt::format("the file's header says {} frames, the file holds {}", expected, coded_frames);
  }
  return check;
}

std::vector<std::string> video_notes(const VideoListing& listing, const FfmpegLog& log) {
  std::vector<std::string> notes;
  for (const char* const order : {"top first", "bottom first", "top coded first", "bottom coded first"}) {
    if (log.stream_line().find(order) == std::string::npos) continue;
    notes.push_back("interlaced: each frame holds two fields that were taken one after the other");
    break;
  }
  if (!listing.pixel_shape().empty()) {
    notes.push_back("the pixels are not square (width to height " + listing.pixel_shape() +
                    "): frames are analysed as stored, and one scale does not hold for both directions");
  }
  if (log.rotation() != 0) {
    notes.push_back(
        fmt::format("the file asks to be shown rotated by {} degrees: frames are analysed as stored", log.rotation()));
  }
  return notes;
}

bool is_full_range_grey(std::string_view stream_line) {
  const std::size_t at = stream_line.find(", gray");
  if (at == std::string_view::npos) return false;
  const std::string_view format =
      stream_line.substr(at + 2, std::min(stream_line.find(", ", at + 2), stream_line.size()) - at - 2);
  return format.find("(tv") == std::string_view::npos;
}

}  // namespace capillaryx
