// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "os/descriptor.h"

namespace capillaryx {

/// Room for one message. It is there from the first message on, and no byte of it is written but by messages.
class MessageBuffer {
 public:
  std::span<const std::uint8_t> bytes() const { return {memory_.get(), size_}; }

 private:
  friend class MessageSocket;
  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t size_ = 0;
};

/// One end of a local socket that carries whole messages, in order, each with the descriptors that belong to it.
/// Threads: any may send; one at a time receives.
class MessageSocket {
 public:
  static constexpr std::size_t kMaxMessageBytes = std::size_t{160} * 1024;
  static constexpr std::size_t kMaxDescriptors = 4;

  enum class Outcome {
    kDone,
    kWouldBlock,  ///< nothing there, or no room
    kClosed,      ///< the other end is gone
    kBroken,      ///< a message that is too long or has too many descriptors, or an error of the system
  };

  MessageSocket() = default;
  explicit MessageSocket(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  /// Both ends of a new one. Throws Error (kExecutor).
  static std::pair<MessageSocket, MessageSocket> make_pair();

  /// Never raises SIGPIPE. The descriptors stay the sender's.
  Outcome send(std::span<const std::uint8_t> bytes, std::span<const int> descriptors, bool wait);
  /// `message` and `descriptors` become those of the next message; without one, empty.
  Outcome receive(MessageBuffer& message, std::vector<Descriptor>& descriptors, bool wait);

  /// Whether the descriptor is that of such a socket at all.
  bool is_one() const;

  int descriptor() const { return descriptor_.number(); }
  /// A receive() that waits, in whatever thread, gives kClosed, and every one after it.
  void stop_receiving();
  void close() { descriptor_.reset(); }

 private:
  Descriptor descriptor_;
};

}  // namespace capillaryx
