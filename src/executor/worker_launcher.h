// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "executor/control_store.h"
#include "os/event_loop.h"
#include "os/message_socket.h"
#include "os/process.h"

namespace capillaryx {

/// Starts worker programs and watches them. A driver does it itself; behind a router a controller does.
/// Threads: the loop's.
class WorkerLauncher {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_launched(WorkerId worker, MessageSocket socket, std::int64_t process) = 0;
    /// The program has ended, or could not be started; `how` says how.
    virtual void on_gone(WorkerId worker, const std::string& how) = 0;
  };

  virtual ~WorkerLauncher() = default;

  /// Who hears of it; before the first launch.
  void listen(Listener& listener) { listener_ = &listener; }

  /// on_launched follows and some time later on_gone, or on_gone alone.
  virtual void launch(WorkerId worker) = 0;
  /// Ends it: at once, or only where it does not end by itself within a moment (its socket is closed already).
  virtual void end(WorkerId worker, bool at_once) = 0;
  /// Gives those that were asked to leave time to do so, and ends all. Nothing is heard of them any more.
  virtual void end_all(std::chrono::steady_clock::duration time) = 0;

 protected:
  Listener* listener_ = nullptr;
};

/// Workers as direct children.
class ProcessLauncher : public WorkerLauncher {
 public:
  ProcessLauncher(std::vector<std::string> command, EventLoop& loop) : command_(std::move(command)), loop_(loop) {}
  ~ProcessLauncher() override { ProcessLauncher::end_all({}); }

  void launch(WorkerId worker) override;
  void end(WorkerId worker, bool at_once) override;
  void end_all(std::chrono::steady_clock::duration time) override;

 private:
  void gone(WorkerId worker);

  std::vector<std::string> command_;
  EventLoop& loop_;
  std::map<WorkerId, Process> processes_;
};

}  // namespace capillaryx
