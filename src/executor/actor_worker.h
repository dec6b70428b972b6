// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capillaryx/options.h"
#include "executor/control_store.h"
#include "executor/worker_pool.h"
#include "os/event_loop.h"

namespace capillaryx {

/// One worker process for somebody who is no driver of ours: an actor of a cluster (Ray), which gives it one frame
/// after another. A frame that kills the process leaves the actor standing, which can then report how the process
/// ended, and the process is sandboxed like any worker. Threads: the one that made it, which must live as long; the
/// process ends with it.
class ActorWorker : private WorkerEvents {
 public:
  /// Starts the process that `command` names and waits until it is ready, or has ended (see ended()).
  /// Throws Error: what the process says that ends the run.
  ActorWorker(const Options& options, std::vector<std::string> command);
  ~ActorWorker() override;
  ActorWorker(const ActorWorker&) = delete;
  ActorWorker& operator=(const ActorWorker&) = delete;

  /// The frame's result; nothing where the process ended over it, or had ended before. `files` is what the process
  /// fills. Throws Error as the constructor does.
  std::optional<FrameResult> run(Frame frame, FrameFiles files);

  /// What a file is; nothing, as above.
  std::optional<Probed> probe(std::shared_ptr<const OpenFile> file);

  /// How the process went, as the local driver tells it; empty while it lives.
  const std::string& ended() const { return ended_; }
  /// What the user should know, e.g. that the process could not be sandboxed; empty otherwise.
  std::string warning() const { return store_.status().warning; }

 private:
  void on_ready(WorkerId) override { ready_ = true; }
  void on_ended(WorkerId, const std::string& reason) override { ended_ = reason; }
  void on_result(WorkerId, FrameId, FrameResult result) override { result_ = std::move(result); }
  void on_probed(WorkerId, FrameId, Probed probed) override { probed_ = std::move(probed); }
  void on_store_freed() override {}
  void on_error(std::exception_ptr error) override { error_ = std::move(error); }
  void turn();

  EventLoop loop_;
  ControlStore store_;
  FrameId next_ = 0;
  bool ready_ = false;
  std::string ended_;
  std::optional<FrameResult> result_;
  std::optional<Probed> probed_;
  std::exception_ptr error_;
  std::unique_ptr<WorkerPool> pool_;  ///< the last, as it tells of what happens while it goes
};

}  // namespace capillaryx
