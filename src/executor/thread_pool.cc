// SPDX-License-Identifier: Apache-2.0
#include "executor/thread_pool.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "capillaryx/error.h"
#include "executor/frame_worker.h"

namespace capillaryx {

/// What threads that are left to themselves may still touch when the pool is gone.
struct ThreadPool::Shared {
  Options options;
  AnalyzerFactory factory;
  std::shared_ptr<Mailbox> mailbox;
  WorkerEvents* events;  ///< used in the driver's thread alone, which runs nothing that is posted after the pool
};

struct ThreadPool::Worker {
  WorkerId id = -1;
  int slot = 0;
  std::thread thread;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Task> tasks;   ///< guarded by mutex
  bool leave = false;       ///< guarded by mutex
  bool left_alone = false;  ///< guarded by mutex

  /// The next task, or none where the worker is to leave.
  std::optional<Task> next() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return leave || !tasks.empty(); });
    if (leave) return std::nullopt;
    Task task = std::move(tasks.front());
    tasks.pop_front();
    return task;
  }
  void ask_to_leave() {
    const std::lock_guard lock(mutex);
    leave = true;
    changed.notify_one();
  }
};

ThreadPool::ThreadPool(const Options& options, AnalyzerFactory factory, EventLoop& loop, WorkerEvents& events)
    : shared_(std::make_shared<Shared>(Shared{options, std::move(factory), loop.mailbox(), &events})) {}

ThreadPool::~ThreadPool() {
  for (auto& [id, worker] : workers_) worker->ask_to_leave();
  for (auto& [id, worker] : workers_) worker->thread.join();
}

void ThreadPool::start(WorkerId id, int slot) {
  auto worker = std::make_shared<Worker>();
  worker->id = id;
  worker->slot = slot;
  worker->thread = std::thread([shared = shared_, worker] { work(shared, worker); });
  workers_[id] = std::move(worker);
}

WorkerPool::Sent ThreadPool::assign(WorkerId id, Task task) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return Sent::kSent;
  Worker& worker = *found->second;
  const std::lock_guard lock(worker.mutex);
  worker.tasks.push_back(std::move(task));
  worker.changed.notify_one();
  return Sent::kSent;
}

void ThreadPool::end(WorkerId id) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  found->second->ask_to_leave();
  found->second->thread.detach();
  workers_.erase(found);
  shared_->mailbox->post([events = shared_->events, id] { events->on_ended(id, "ended"); });
}

void ThreadPool::work(const std::shared_ptr<Shared>& shared, const std::shared_ptr<Worker>& worker) {
  WorkerEvents* const events = shared->events;
  const WorkerId id = worker->id;
  try {
    const auto frame_worker = make_frame_worker(shared->factory, shared->options);
    shared->mailbox->post([events, id] { events->on_ready(id); });
    while (auto task = worker->next()) {
      if (task->probe) {
        auto probed = std::make_shared<Probed>(frame_worker->probe(*task->frame.file()));
        shared->mailbox->post(
            [events, id, frame = task->id, probed] { events->on_probed(id, frame, std::move(*probed)); });
        continue;
      }
      auto result = std::make_shared<FrameResult>(frame_worker->run(task->frame, task->files));
      result->timing.worker = worker->slot;
      result->timing.attempt = task->attempt;
      const FrameId frame = task->id;
      task.reset();
      shared->mailbox->post([events, id, frame, result] { events->on_result(id, frame, std::move(*result)); });
    }
  } catch (...) {
    shared->mailbox->post([events, error = std::current_exception()] { events->on_error(error); });
  }
}

}  // namespace capillaryx
