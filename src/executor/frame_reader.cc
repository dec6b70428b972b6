// SPDX-License-Identifier: Apache-2.0
#include "executor/frame_reader.h"

#include <memory>
#include <utility>

namespace capillaryx {

FrameReader::FrameReader(FrameSource& source, EventLoop& loop, std::function<void(Frame)> on_frame,
                         std::function<void(std::exception_ptr)> on_end)
    : source_(source),
      mailbox_(loop.mailbox()),
      on_frame_(std::move(on_frame)),
      on_end_(std::move(on_end)),
      thread_([this] { read(); }) {}

FrameReader::~FrameReader() {
  stop();
  thread_.join();
}

void FrameReader::ask_for(std::int64_t total) {
  {
    const std::lock_guard lock(mutex_);
    if (total <= asked_) return;
    asked_ = total;
  }
  changed_.notify_one();
}

void FrameReader::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
    changed_.notify_one();
  }
  source_.stop();
}

bool FrameReader::wait_until_asked() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopped_ || pulled_ < asked_; });
  return !stopped_;
}

void FrameReader::read() {
  std::exception_ptr error;
  try {
    while (wait_until_asked()) {
      auto frame = source_.next();
      if (!frame) break;
      ++pulled_;
      mailbox_->post([this, frame = std::move(*frame)]() mutable { on_frame_(std::move(frame)); });
    }
  } catch (...) {
    error = std::current_exception();
  }
  mailbox_->post([this, error] { on_end_(error); });
}

}  // namespace capillaryx
