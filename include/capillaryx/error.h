// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace capillaryx {

/// What kind of thing has to be fixed before the run can go on.
enum class ErrorKind {
  kUsage,     ///< an option or argument is wrong
  kInput,     ///< an input cannot be found or read at all
  kOutput,    ///< the output folder cannot be used or written
  kModel,     ///< the network is missing, damaged or of the wrong shape
  kExecutor,  ///< the workers cannot be kept running
  kInternal,  ///< a defect of this program
};

/// Ends a run. The message says what happened and what to do about it.
///
/// What spoils one frame only is never an Error: it is that frame's FrameResult with Status::kFailed.
/// The library throws nothing else, prints nothing and never ends the process.
/// Threads: an Error is a value; any thread may hold one.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace capillaryx
