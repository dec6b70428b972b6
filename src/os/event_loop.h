// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace capillaryx {

/// Where other threads leave work for the thread of an EventLoop. Outlives the loop; what is posted then is never run.
/// Threads: any.
class Mailbox {
 public:
  Mailbox();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void post(std::function<void()> work);

 private:
  friend class EventLoop;
  std::vector<std::function<void()>> take();

  std::mutex mutex_;
  std::vector<std::function<void()>> work_;  // guarded by mutex_
  int wake_descriptor_;
};

/// One thread's loop: it sleeps until a descriptor can be read, another thread posts, or a moment has come.
/// Threads: the one that runs it; `mailbox()->post` from any. Throws Error (kExecutor) where the system refuses.
class EventLoop {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

  /// Calls `on_readable` from run_once while `descriptor` can be read or its other end is gone. It may be called once
  /// too often: a read must not block.
  void watch(int descriptor, std::function<void()> on_readable);
  /// Before the descriptor is closed. May be called from inside a callback.
  void unwatch(int descriptor);

  /// Waits until there is something to do, or until `until`, and does all that is there. What a callback throws comes
  /// out here.
  void run_once(std::optional<Moment> until);

 private:
  std::shared_ptr<Mailbox> mailbox_;
  std::map<int, std::shared_ptr<std::function<void()>>> watched_;
  int epoll_descriptor_;
};

}  // namespace capillaryx
