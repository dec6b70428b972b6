// SPDX-License-Identifier: Apache-2.0
#include "os/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

[[noreturn]] void refuse(const char* what) {
  throw Error(ErrorKind::kExecutor, std::string("the system refuses ") + what + ": " + std::strerror(errno));
}

}  // namespace

Mailbox::Mailbox() : wake_descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_descriptor_ < 0) refuse("an event descriptor");
}

Mailbox::~Mailbox() { ::close(wake_descriptor_); }

void Mailbox::post(std::function<void()> work) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = work_.empty();
    work_.push_back(std::move(work));
  }
  // Only the first needs to wake the loop: it takes everything that is there.
  if (first) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_descriptor_, &one, sizeof(one));
  }
}

std::vector<std::function<void()>> Mailbox::take() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_descriptor_, &count, sizeof(count));
  const std::lock_guard lock(mutex_);
  return std::exchange(work_, {});
}

EventLoop::EventLoop() : mailbox_(std::make_shared<Mailbox>()), epoll_descriptor_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_descriptor_ < 0) refuse("an epoll descriptor");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = mailbox_->wake_descriptor_;
  if (::epoll_ctl(epoll_descriptor_, EPOLL_CTL_ADD, mailbox_->wake_descriptor_, &event) != 0) refuse("epoll");
}

EventLoop::~EventLoop() { ::close(epoll_descriptor_); }

void EventLoop::watch(int descriptor, std::function<void()> on_readable) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = descriptor;
  if (::epoll_ctl(epoll_descriptor_, EPOLL_CTL_ADD, descriptor, &event) != 0) refuse("to watch a descriptor");
  watched_[descriptor] = std::make_shared<std::function<void()>>(std::move(on_readable));
}

void EventLoop::unwatch(int descriptor) {
  ::epoll_ctl(epoll_descriptor_, EPOLL_CTL_DEL, descriptor, nullptr);
  watched_.erase(descriptor);
}

void EventLoop::run_once(std::optional<Moment> until) {
  int timeout_ms = -1;
  if (until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - std::chrono::steady_clock::now()).count();
    timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
  }
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(epoll_descriptor_, events.data(), static_cast<int>(events.size()), timeout_ms);
  if (count < 0 && errno != EINTR) refuse("to wait");
  for (int i = 0; i < count; ++i) {
    if (events[i].data.fd == mailbox_->wake_descriptor_) {
      for (auto& work : mailbox_->take()) work();
      continue;
    }
    // A callback before this one may have ended the watch; the copy keeps it alive while it runs.
    const auto found = watched_.find(events[i].data.fd);
    if (found == watched_.end()) continue;
    const auto callback = found->second;
    (*callback)();
  }
}

}  // namespace capillaryx
