// SPDX-License-Identifier: Apache-2.0
#include "source/stop_event.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>

#include "capillaryx/error.h"
#include "image/image.h"

namespace capillaryx {

StopEvent::StopEvent() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) {
    throw Error(ErrorKind::kExecutor,
                "no descriptor is left: " + std::generic_category().message(errno) + "; raise `ulimit -n`");
  }
}

StopEvent::~StopEvent() { ::close(descriptor_); }

void StopEvent::request() {
  requested_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, &one, sizeof one);
}

void StopEvent::sleep_until(std::chrono::steady_clock::time_point due) const {
  while (!requested_) {
    const auto left = due - std::chrono::steady_clock::now();
    if (left <= left.zero()) return;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec timeout{static_cast<std::time_t>(seconds.count()), static_cast<long>((left - seconds).count())};
    pollfd wake{descriptor_, POLLIN, 0};
    ::ppoll(&wake, 1, &timeout, nullptr);
  }
}

int StopEvent::wait(std::initializer_list<int> descriptors) const {
  std::array<pollfd, 5> wait_for{};
  const std::size_t count = std::min(descriptors.size(), wait_for.size() - 1);
  for (std::size_t i = 0; i < count; ++i) wait_for[i] = {descriptors.begin()[i], POLLIN, 0};
  wait_for[count] = {descriptor_, POLLIN, 0};
  for (;;) {
    if (::poll(wait_for.data(), count + 1, -1) < 0 && errno != EINTR) {
      throw ImageError("cannot be read: " + std::generic_category().message(errno));
    }
    if (requested_) return -1;
    for (std::size_t i = 0; i < count; ++i) {
      if (wait_for[i].revents != 0) return static_cast<int>(i);
    }
  }
}

std::size_t StopEvent::read(int descriptor, std::uint8_t* to, std::size_t size) const {
  for (;;) {
    pollfd wait_for[2] = {{descriptor, POLLIN, 0}, {descriptor_, POLLIN, 0}};
    if (::poll(wait_for, 2, -1) < 0 && errno != EINTR) {
      throw ImageError("cannot be read: " + std::generic_category().message(errno));
    }
    if (requested_) return 0;
    if (wait_for[0].revents == 0) continue;
    const ssize_t got = ::read(descriptor, to, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR && errno != EAGAIN) {
      throw ImageError("cannot be read: " + std::generic_category().message(errno));
    }
  }
}

}  // namespace capillaryx
