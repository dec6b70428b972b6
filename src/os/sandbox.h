// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace capillaryx {

enum class SandboxLevel {
  /// For what this program brings: compute, threads, and reading and writing descriptors that are open already.
  kStrict,
  /// For algorithms of the user's own, which load parts of themselves late: files may be opened for reading too.
  kReadFiles,
};

/// Locks this process down for good, all its threads and those to come: no files opened (kStrict) or written by name,
/// no sockets made, no programs started, no other process traced or signalled. What is refused gets an error back;
/// nothing is killed. Returns why it could not be done, or nothing where it was.
std::string lock_down(SandboxLevel level);

/// The same as kReadFiles for a program that is still to be started (ffmpeg): a filter for PipedChild, in the kernel's
/// form. The start itself is left to it, and with it other programs, which get the same filter. With `devices`, files
/// may be opened for reading and writing, as cameras must be, but not made. Throws Error (kExecutor).
std::string program_filter(bool devices);

}  // namespace capillaryx
