// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "capillaryx/frame_source.h"
#include "os/event_loop.h"

namespace capillaryx {

/// Pulls a source in its own thread, so that a source that waits (a camera) holds up no result. It pulls as many
/// frames as were asked for and no more.
/// Threads: the loop's; both functions given are called in it.
class FrameReader {
 public:
  /// `on_frame` gets each frame; `on_end` is called once at the source's end, with what it threw or null.
  FrameReader(FrameSource& source, EventLoop& loop, std::function<void(Frame)> on_frame,
              std::function<void(std::exception_ptr)> on_end);
  /// Stops the source and waits for its thread.
  ~FrameReader();

  /// Raises the number of frames pulled in all to `total`.
  void ask_for(std::int64_t total);
  /// No more frames are wanted; on_end follows.
  void stop();

 private:
  void read();
  bool wait_until_asked();

  FrameSource& source_;
  std::shared_ptr<Mailbox> mailbox_;
  std::function<void(Frame)> on_frame_;
  std::function<void(std::exception_ptr)> on_end_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t asked_ = 0;   ///< guarded by mutex_
  bool stopped_ = false;     ///< guarded by mutex_
  std::int64_t pulled_ = 0;  ///< the thread's own
  std::thread thread_;
};

}  // namespace capillaryx
