// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "capillaryx/frame_source.h"
#include "source/stop_event.h"

namespace capillaryx {

/// Probes that are under way, for the one thread that waits for them.
class Probes {
 public:
  /// Throws Error (kExecutor) if the system has no descriptor left.
  Probes(std::shared_ptr<Prober> prober, const StopEvent& stop);

  struct Ticket;
  /// Has `file` probed.
  std::shared_ptr<Ticket> begin(std::shared_ptr<const OpenFile> file) const;
  /// Waits for the answer; nothing if a stop is requested meanwhile.
  std::optional<Probed> wait(const Ticket& ticket) const;

 private:
  struct Shared;
  std::shared_ptr<Prober> prober_;
  const StopEvent* stop_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace capillaryx
