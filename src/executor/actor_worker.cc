// SPDX-License-Identifier: Apache-2.0
#include "executor/actor_worker.h"

#include <utility>

#include "executor/frame_worker.h"
#include "executor/process_pool.h"

namespace capillaryx {
namespace {

constexpr WorkerId kWorker = 0;

}  // namespace

ActorWorker::ActorWorker(const Options& options, std::vector<std::string> command)
    : pool_(std::make_unique<ProcessPool>(options, std::make_unique<ProcessLauncher>(std::move(command), loop_), loop_,
                                          static_cast<WorkerEvents&>(*this), store_)) {
  store_.add_worker(kWorker, 0);
  pool_->start(kWorker, 0);
  while (!ready_ && ended_.empty()) turn();
}

ActorWorker::~ActorWorker() = default;

std::optional<FrameResult> ActorWorker::run(Frame frame, FrameFiles files) {
  result_.reset();
  if (!ended_.empty()) return std::nullopt;
  const FrameInfo info = frame.info();
  const Task task{next_++, std::move(frame), std::move(files)};
  auto sent = pool_->assign(kWorker, task);
  // Pixels that the analyzer of an earlier frame has kept fill the store.
  while (sent == WorkerPool::Sent::kStoreFull && ended_.empty()) {
    turn();
    sent = pool_->assign(kWorker, task);
  }
  if (sent == WorkerPool::Sent::kTooLarge) {
    return empty_result(info, Status::kFailed, "the frame is larger than the object store");
  }
  while (!result_ && ended_.empty()) turn();
  return std::exchange(result_, std::nullopt);
}

std::optional<Probed> ActorWorker::probe(std::shared_ptr<const OpenFile> file) {
  probed_.reset();
  if (!ended_.empty()) return std::nullopt;
  Task task{next_++, Frame::from_file({}, std::move(file)), {}};
  task.probe = true;
  pool_->assign(kWorker, std::move(task));
  while (!probed_ && ended_.empty()) turn();
  return std::exchange(probed_, std::nullopt);
}

/// Waits for something to happen.
void ActorWorker::turn() {
  loop_.run_once(std::nullopt);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

}  // namespace capillaryx
