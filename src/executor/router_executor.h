// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "capillaryx/executor.h"
#include "executor/control_store.h"

namespace capillaryx {

/// The paper's baseline: a controller process that keeps the workers and a router process through which every task,
/// every byte of a frame and every result goes. Same workers, same scheduler (in the router), same results as the
/// driver; what differs is the way. The router is the single point that must not fail.
class RouterExecutor : public Executor {
 public:
  RouterExecutor(const Options& options, int workers, std::vector<std::string> command);

  void run(FrameSource& source, ResultSink& sink, std::stop_token stop) override;
  ExecutorStatus status() const override { return store_.status(); }
  int workers() const override { return workers_; }

 private:
  Options options_;
  int workers_;
  std::vector<std::string> command_;
  LatestStore store_;
};

}  // namespace capillaryx
