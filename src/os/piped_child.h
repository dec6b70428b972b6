// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace capillaryx {

/// A program that runs as a child with no descriptors but those that it is handed, no shell, its own process group
/// (so that Ctrl-C at the terminal reaches us alone) and an environment that says where programs and libraries are.
/// It is killed when the thread that started it ends, and ended and reaped by the destructor.
/// Threads: one at a time; the starting thread must live as long as the child is needed.
class PipedChild {
 public:
  /// Starts `command` (the program's full path first). Each pair of `descriptors` is a descriptor of ours and the
  /// number that it has in the child; those of 0, 1 and 2 that are not among them are /dev/null there.
  /// `filter` (see program_filter) is what it may ask of the kernel; empty: anything. Throws std::system_error.
  PipedChild(const std::vector<std::string>& command, const std::vector<std::pair<int, int>>& descriptors,
             const std::string& filter = {});
  ~PipedChild();
  PipedChild(const PipedChild&) = delete;
  PipedChild& operator=(const PipedChild&) = delete;

  /// Waits for its end. Its exit code, or 128 + the signal that ended it; 0 if this process ignores SIGCHLD.
  int wait();

  /// Ends it now.
  void kill();

 private:
  pid_t pid_ = -1;
  int exit_code_ = 0;
};

/// The full path of a program in PATH; empty where there is none.
std::string find_program(const std::string& name);

}  // namespace capillaryx
