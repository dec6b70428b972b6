// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "capillaryx/frame_source.h"
#include "os/event_loop.h"

namespace capillaryx {

/// Has files probed by the workers of a run. What is asked for when the run is over is never answered.
class MailboxProber : public Prober {
 public:
  using OnProbe = std::function<void(std::shared_ptr<const OpenFile>, std::function<void(Probed)>)>;

  /// `on_probe` is called in the loop's thread.
  MailboxProber(const EventLoop& loop, OnProbe on_probe) : mailbox_(loop.mailbox()), on_probe_(std::move(on_probe)) {}

  void probe(std::shared_ptr<const OpenFile> file, std::function<void(Probed)> done) override {
    mailbox_->post([on_probe = on_probe_, file = std::move(file), done = std::move(done)] { on_probe(file, done); });
  }

 private:
  std::shared_ptr<Mailbox> mailbox_;
  OnProbe on_probe_;
};

}  // namespace capillaryx
