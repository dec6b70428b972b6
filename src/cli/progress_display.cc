// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_display.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "cli/interrupt.h"
#include "cli/terminal.h"

namespace capillaryx::cli {
namespace {

constexpr double kWindowS = 15;  // the speed shown is that of the last seconds, not of the whole run
constexpr double kMostBetweenLinesS = 60;
constexpr int kWidestBar = 40;
constexpr int kNarrowestBar = 10;

std::string bar(double part, int columns) {
  const int inside = columns - 2;
  const int full = static_cast<int>(part * inside);
  return "[" + std::string(full, '#') + std::string(inside - full, '-') + "]";
}

}  // namespace

std::string progress_line(const Progress& now, double frames_per_s, int columns) {
  const std::int64_t done = now.resumed + now.executor.frames_done();
  std::vector<std::string> parts;
  double part = 0;
  if (now.frame_count && *now.frame_count > 0) {
    part = std::clamp(static_cast<double>(done) / static_cast<double>(*now.frame_count), 0.0, 1.0);
    parts.push_back(fmt::format("{}/{} frames", done, *now.frame_count));
  } else {
    parts.push_back(fmt::format("{} frames", done));
  }
  if (now.executor.frames_failed > 0) parts.push_back(fmt::format("{} failed", now.executor.frames_failed));
  if (now.executor.frames_dropped > 0) parts.push_back(fmt::format("{} dropped", now.executor.frames_dropped));
  if (frames_per_s > 0) {
    parts.push_back(fmt::format("{:.1f} frames/s", frames_per_s));
    if (now.frame_count) {
      parts.push_back(clock_text(static_cast<double>(*now.frame_count - done) / frames_per_s) + " left");
    }
  } else if (now.executor.workers_ready == 0 && done == now.resumed) {
    parts.emplace_back("starting");
  }
  std::string line = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (static_cast<int>(line.size() + 2 + parts[i].size()) > columns) break;
    line += "  " + parts[i];
  }
  const int room = std::min(columns - static_cast<int>(line.size()) - 2, kWidestBar);
  if (now.frame_count && room >= kNarrowestBar) line = bar(part, room) + "  " + line;
  if (static_cast<int>(line.size()) > columns) line.resize(std::max(columns, 0));
  return line;
}

ProgressDisplay::ProgressDisplay(bool quiet) : quiet_(quiet), terminal_(is_terminal(STDERR_FILENO)) {}

ProgressDisplay::~ProgressDisplay() { clear(); }

double ProgressDisplay::frames_per_s(const Progress& now) {
  samples_.push_back({now.wall_s, now.executor.frames_done()});
  while (samples_.size() > 2 && now.wall_s - samples_.front().wall_s > kWindowS) samples_.pop_front();
  const double seconds = now.wall_s - samples_.front().wall_s;
  const auto frames = static_cast<double>(now.executor.frames_done() - samples_.front().frames);
  return seconds > 0.5 ? frames / seconds : 0;
}

void ProgressDisplay::show(const Progress& now) {
  if (quiet_) return;
  if (!now.executor.warning.empty() && !std::exchange(warned_, true)) {
    clear();
    fmt::print(stderr, "capillaryx: warning: {}\n", printable(now.executor.warning));
  }
  const double speed = frames_per_s(now);
  if (terminal_) {
    // One column stays free: a terminal breaks the line once its last column is written.
    const std::string line = progress_line(now, speed, terminal_columns(STDERR_FILENO) - 1);
    note_cursor_hidden(true);
    fmt::print(stderr, "{}\r{}\x1b[K", drawn_ ? "" : "\x1b[?25l", line);
    std::fflush(stderr);
    drawn_ = true;
  } else if (now.wall_s >= next_line_s_) {
    fmt::print(stderr, "capillaryx: {}\n",
               progress_line({now.executor, now.resumed, now.frame_count, now.wall_s}, speed, 200));
    next_line_s_ = now.wall_s + std::min(now.wall_s, kMostBetweenLinesS);
  }
}

void ProgressDisplay::clear() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\x1b[K\x1b[?25h");
  std::fflush(stderr);
  note_cursor_hidden(false);
  drawn_ = false;
}

}  // namespace capillaryx::cli
