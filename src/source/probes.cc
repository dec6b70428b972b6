// SPDX-License-Identifier: Apache-2.0
#include "source/probes.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <utility>

#include "capillaryx/error.h"

namespace capillaryx {

/// What probes that are answered late may still touch when their input is gone.
struct Probes::Shared {
  explicit Shared(int descriptor) : answered(descriptor) {}
  std::mutex mutex;
  OpenFile answered;  ///< an eventfd, written with each answer
};

struct Probes::Ticket {
  std::optional<Probed> probed;  ///< guarded by Shared::mutex
};

Probes::Probes(std::shared_ptr<Prober> prober, const StopEvent& stop) : prober_(std::move(prober)), stop_(&stop) {
  const int descriptor = ::eventfd(0, EFD_CLOEXEC);
  if (descriptor < 0) throw Error(ErrorKind::kExecutor, "no event can be made: raise the limit with `ulimit -n`");
  shared_ = std::make_shared<Shared>(descriptor);
}

std::shared_ptr<Probes::Ticket> Probes::begin(std::shared_ptr<const OpenFile> file) const {
  auto ticket = std::make_shared<Ticket>();
  prober_->probe(std::move(file), [shared = shared_, ticket](Probed probed) {
    {
      const std::lock_guard lock(shared->mutex);
      ticket->probed = std::move(probed);
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(shared->answered.descriptor(), &one, sizeof(one));
  });
  return ticket;
}

std::optional<Probed> Probes::wait(const Ticket& ticket) const {
  for (;;) {
    {
      const std::lock_guard lock(shared_->mutex);
      if (ticket.probed) return ticket.probed;
    }
    std::array<std::uint8_t, sizeof(std::uint64_t)> count{};
    if (stop_->read(shared_->answered.descriptor(), count.data(), count.size()) == 0) return std::nullopt;
  }
}

}  // namespace capillaryx
