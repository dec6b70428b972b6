// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <thread>

namespace capillaryx::cli {

/// Turns Ctrl-C (SIGINT, SIGTERM, SIGHUP) into a stop that a run obeys; a second one ends the program at once with
/// exit code 130. One at a time; make it before other threads.
class Interrupt {
 public:
  /// `quiet`: says nothing on the first Ctrl-C.
  explicit Interrupt(bool quiet);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::thread thread_;
};

/// Tells a second Ctrl-C whether the cursor is hidden, to give it back.
void note_cursor_hidden(bool hidden);

}  // namespace capillaryx::cli
