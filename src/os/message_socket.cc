// SPDX-License-Identifier: Apache-2.0
#include "os/message_socket.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

using Outcome = MessageSocket::Outcome;

Outcome outcome_of_error() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return Outcome::kWouldBlock;
  if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN) return Outcome::kClosed;
  return Outcome::kBroken;
}

}  // namespace

std::pair<MessageSocket, MessageSocket> MessageSocket::make_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    throw Error(ErrorKind::kExecutor, std::string("a local socket cannot be made: ") + std::strerror(errno));
  }
  return {MessageSocket(Descriptor(ends[0])), MessageSocket(Descriptor(ends[1]))};
}

void MessageSocket::stop_receiving() { ::shutdown(descriptor(), SHUT_RD); }

bool MessageSocket::is_one() const {
  int type = 0;
  socklen_t length = sizeof(type);
  return ::getsockopt(descriptor(), SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_SEQPACKET;
}

Outcome MessageSocket::send(std::span<const std::uint8_t> bytes, std::span<const int> descriptors, bool wait) {
  if (bytes.empty() || bytes.size() > kMaxMessageBytes || descriptors.size() > kMaxDescriptors) return Outcome::kBroken;
  iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxDescriptors)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(descriptor(), &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? outcome_of_error() : Outcome::kDone;
}

Outcome MessageSocket::receive(MessageBuffer& buffer, std::vector<Descriptor>& descriptors, bool wait) {
  descriptors.clear();
  buffer.size_ = 0;
  if (!buffer.memory_) buffer.memory_ = std::make_unique_for_overwrite<std::uint8_t[]>(kMaxMessageBytes);
  iovec part{buffer.memory_.get(), kMaxMessageBytes};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxDescriptors)];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t received = 0;
  do {
    received = ::recvmsg(descriptor(), &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    // A peer that goes with messages of ours unread is reported once, ahead of the messages that it had sent.
  } while (received < 0 && (errno == EINTR || errno == ECONNRESET));
  if (received < 0) return outcome_of_error();
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      descriptors.emplace_back(number);
    }
  }
  if (received == 0) return Outcome::kClosed;
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return Outcome::kBroken;
  buffer.size_ = static_cast<std::size_t>(received);
  return Outcome::kDone;
}

}  // namespace capillaryx
