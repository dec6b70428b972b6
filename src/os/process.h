// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "os/descriptor.h"

namespace capillaryx {

/// A child process, freshly started (never a copy of this one). Ended and waited for when its owner goes.
/// Threads: one at a time.
class Process {
 public:
  /// The number under which a child finds the descriptor that it was handed.
  static constexpr int kHandedDescriptor = 3;

  Process() = default;
  /// Starts `command` (a path, or a name looked up in PATH, and its arguments) with `handed` as descriptor 3, nothing
  /// on standard input, this process's standard error for standard output and error, no other descriptor, in a process
  /// its own group (Ctrl-C is its driver's business). Throws Error (kExecutor) where it cannot be started.
  Process(const std::vector<std::string>& command, int handed);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  int id() const { return id_; }
  /// Can be read as soon as the process has ended.
  int descriptor() const { return descriptor_.number(); }
  /// Ends it at once, also when it is stopped.
  void kill() const;
  /// Whether it has ended, waiting for that until `until` at most.
  bool ended_by(std::chrono::steady_clock::time_point until) const;
  /// Waits for its end; says how it went: "exited with code 1", "killed by SIGSEGV".
  std::string wait();

 private:
  void end();

  int id_ = -1;
  Descriptor descriptor_;
};

/// For a child: it is to end when the thread that started it does.
void die_with_parent();

/// For a child: at most this much private memory (address space that it can write and shares with nobody).
/// Throws Error (kExecutor).
void limit_memory(std::size_t bytes);

/// The path of the running program, and of the file that holds the function or object at `address`; empty where the
/// system does not say.
std::string program_path();
std::string file_that_holds(const void* address);

}  // namespace capillaryx
