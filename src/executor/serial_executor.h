// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "capillaryx/executor.h"
#include "executor/control_store.h"

namespace capillaryx {

/// The baseline: one frame after another in the caller's thread. Limits, retries and drops have no meaning here.
class SerialExecutor : public Executor {
 public:
  SerialExecutor(const Options& options, AnalyzerFactory factory);

  void run(FrameSource& source, ResultSink& sink, std::stop_token stop) override;
  ExecutorStatus status() const override { return store_.status(); }
  int workers() const override { return 1; }

 private:
  Options options_;
  AnalyzerFactory factory_;
  ControlStore store_;
  FrameId next_frame_ = 0;
  WorkerId next_worker_ = 0;
};

}  // namespace capillaryx
