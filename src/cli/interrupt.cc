// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "capillaryx/error.h"
#include "cli/commands.h"

namespace capillaryx::cli {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
constexpr std::string_view kShowCursor = "\x1b[?25h\n";

// What a signal handler may touch: lock-free atomics and a pipe.
std::atomic<int> asked = 0;
std::atomic<bool> cursor_hidden = false;
std::array<int, 2> wake_pipe{-1, -1};
std::array<struct sigaction, kSignals.size()> old_actions;

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

extern "C" void on_signal(int /*signal*/) {
  const int before = errno;
  if (asked.fetch_add(1) > 0) {
    if (cursor_hidden) write_all(STDERR_FILENO, kShowCursor);
    _exit(kInterrupted);
  }
  write_all(wake_pipe[1], "s");
  errno = before;
}

}  // namespace

void note_cursor_hidden(bool hidden) { cursor_hidden = hidden; }

Interrupt::Interrupt(bool quiet) {
  if (pipe2(wake_pipe.data(), O_CLOEXEC) != 0) {
    throw Error(ErrorKind::kInternal, std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  asked = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &old_actions[i]);
  thread_ = std::thread([this, quiet] {
    char byte = 0;
    while (read(wake_pipe[0], &byte, 1) < 0 && errno == EINTR) {
    }
    if (byte != 's') return;
    if (!quiet) {
      write_all(STDERR_FILENO, "\ncapillaryx: stopping after the frames in work (Ctrl-C again: at once)\n");
    }
    stop_.request_stop();
  });
}

Interrupt::~Interrupt() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &old_actions[i], nullptr);
  write_all(wake_pipe[1], "e");
  thread_.join();
  close(wake_pipe[0]);
  close(wake_pipe[1]);
}

}  // namespace capillaryx::cli
