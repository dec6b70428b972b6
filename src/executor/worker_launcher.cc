// SPDX-License-Identifier: Apache-2.0
#include "executor/worker_launcher.h"

#include <utility>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

/// How long one that has closed its socket may take to be gone.
constexpr auto kEndTime = std::chrono::milliseconds(100);

}  // namespace

void ProcessLauncher::launch(WorkerId id) {
  try {
    auto [ours, theirs] = MessageSocket::make_pair();
    Process process(command_, theirs.descriptor());
    loop_.watch(process.descriptor(), [this, id] { gone(id); });
    const std::int64_t number = process.id();
    processes_[id] = std::move(process);
    listener_->on_launched(id, std::move(ours), number);
  } catch (const Error& error) {
    loop_.mailbox()->post([this, id, how = std::string(error.what())] { listener_->on_gone(id, how); });
  }
}

void ProcessLauncher::end(WorkerId id, bool at_once) {
  const auto found = processes_.find(id);
  if (found == processes_.end()) return;
  // Most that close their socket are ending by themselves, and how they do is worth knowing.
  if (!at_once && found->second.ended_by(std::chrono::steady_clock::now() + kEndTime)) return;
  found->second.kill();
}

void ProcessLauncher::end_all(std::chrono::steady_clock::duration time) {
  const auto until = std::chrono::steady_clock::now() + time;
  for (auto& [id, process] : processes_) {
    loop_.unwatch(process.descriptor());
    process.ended_by(until);
  }
  processes_.clear();
}

void ProcessLauncher::gone(WorkerId id) {
  const auto found = processes_.find(id);
  if (found == processes_.end()) return;
  Process process = std::move(found->second);
  processes_.erase(found);
  loop_.unwatch(process.descriptor());
  listener_->on_gone(id, process.wait());
}

}  // namespace capillaryx
