// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace capillaryx {

/// Ends waits. Threads: any.
class StopEvent {
 public:
  /// Throws Error (kExecutor) where the system refuses.
  StopEvent();
  ~StopEvent();
  StopEvent(const StopEvent&) = delete;
  StopEvent& operator=(const StopEvent&) = delete;

  void request();
  bool requested() const { return requested_; }

  /// Sleeps until `due`; returns at once when a stop is requested.
  void sleep_until(std::chrono::steady_clock::time_point due) const;

  /// Waits until one of at most four `descriptors` can be read or has ended; the place of the first such one, -1 when a
  /// stop is requested. Throws ImageError.
  int wait(std::initializer_list<int> descriptors) const;

  /// Reads like read(2), waiting for bytes: 0 at the end, and when a stop is requested. Throws ImageError.
  std::size_t read(int descriptor, std::uint8_t* to, std::size_t size) const;

 private:
  int descriptor_;
  std::atomic<bool> requested_ = false;
};

}  // namespace capillaryx
