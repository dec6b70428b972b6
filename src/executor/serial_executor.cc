// SPDX-License-Identifier: Apache-2.0
#include "executor/serial_executor.h"

#include <chrono>
#include <utility>

#include "executor/frame_worker.h"

namespace capillaryx {

namespace {

/// Probes in the caller's thread, as all else is done there.
class SerialProber : public Prober {
 public:
  explicit SerialProber(FrameWorker& worker) : worker_(worker) {}
  void probe(std::shared_ptr<const OpenFile> file, std::function<void(Probed)> done) override {
    done(worker_.probe(*file));
  }

 private:
  FrameWorker& worker_;
};

}  // namespace

SerialExecutor::SerialExecutor(const Options& options, AnalyzerFactory factory)
    : options_(options), factory_(std::move(factory)) {}

void SerialExecutor::run(FrameSource& source, ResultSink& sink, std::stop_token stop) {
  const std::stop_callback on_stop(stop, [&source] { source.stop(); });
  const auto worker = make_frame_worker(factory_, options_);
  source.use_prober(std::make_shared<SerialProber>(*worker));
  const WorkerId id = next_worker_++;
  store_.add_worker(id, 0);
  store_.set_worker(id, WorkerState::kIdle);
  while (!stop.stop_requested()) {
    const auto frame = source.next();
    if (!frame) break;
    const FrameId number = next_frame_++;
    store_.add_task(number);
    store_.set_task(number, TaskState::kRunning, id);
    store_.set_worker(id, WorkerState::kBusy, number);
    const FrameFiles files = sink.files(frame->info());
    FrameResult result = worker->run(*frame, files);
    if (frame->info().captured) {
      const auto latency = std::chrono::steady_clock::now() - *frame->info().captured;
      result.timing.latency_ms = std::chrono::duration<double, std::milli>(latency).count();
    }
    store_.set_task(number, result.status == Status::kOk ? TaskState::kOk : TaskState::kFailed, id);
    store_.remove_task(number);
    store_.set_worker(id, WorkerState::kIdle);
    sink.write(std::move(result));
  }
  store_.remove_worker(id, false);
  source.use_prober(nullptr);
}

}  // namespace capillaryx
