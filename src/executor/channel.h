// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

#include "capillaryx/error.h"
#include "capillaryx/executor.h"
#include "capillaryx/frame.h"
#include "capillaryx/frame_result.h"
#include "capillaryx/frame_source.h"
#include "executor/messages_generated.h"
#include "store/object_store.h"

namespace capillaryx {

/// Both ends must speak the same version of messages.fbs; it is raised with every change to it.
constexpr std::uint16_t kWireVersion = 4;

/// Larger messages go through the sender's object store (paper, III-B: objects over 100 KB).
constexpr std::size_t kLargeMessageBytes = std::size_t{100} * 1000;

/// What came over a channel is no message of ours.
class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A frame's pixels, row after row without gaps, as an object of `store`; nothing where there is no room.
std::optional<SealedObject> store_pixels(ObjectStore& store, const PixelView& pixels);

/// The message in `bytes` (aligned as `new` aligns, and nobody's to change any more), verified. Throws ProtocolError.
const wire::Message& read_message(std::span<const std::uint8_t> bytes);

/// A result as it came, checked: finite numbers, sizes that fit, a safe name for each stage picture. `info` is the
/// frame's; nothing of it is taken from the message, nor which worker and attempt it was. Throws ProtocolError.
FrameResult read_result(const wire::Result& message, const FrameInfo& info);

/// What a probe found, checked as read_input() does. Throws ProtocolError.
Probed read_probed(const wire::Probed& message);

/// Writes messages into memory that it uses again; each is valid until the next. One per thread.
class MessageWriter {
 public:
  using Bytes = std::span<const std::uint8_t>;

  Bytes hello(wire::Role role, int slot, const std::string& options_json);
  /// A frame that comes as a file, as pixels (or, to a router, a file's bytes) at `place`, or not at all.
  Bytes assign(std::int64_t frame_id, const Frame& frame, const ObjectPlace* place, const FrameFiles& files,
               bool has_store);
  /// A file that is to be probed; it travels beside the message.
  Bytes assign_probe(std::int64_t frame_id);
  Bytes result_copied();
  Bytes leave();

  Bytes ready(const std::string& analyzer, const std::string& warning);
  Bytes run_error(ErrorKind kind, const std::string& message);
  Bytes leaving(const std::string& reason);
  Bytes done(std::int64_t frame_id, const FrameResult& result, bool keeps_frame);
  Bytes probed(std::int64_t frame_id, const Probed& probed);
  Bytes stored(std::int64_t frame_id, const ObjectPlace& place);
  Bytes frame_released(std::int64_t frame_id);

  Bytes launch(std::int64_t worker);
  Bytes end_worker(std::int64_t worker, bool at_once);
  Bytes launched(std::int64_t worker, std::int64_t process);
  Bytes gone(std::int64_t worker, const std::string& how);

  Bytes workers_changed(const ExecutorStatus& status);

 private:
  template <class Body>
  Bytes finish(wire::Body type, flatbuffers::Offset<Body> body) {
    wire::FinishMessageBuffer(builder_, wire::CreateMessage(builder_, kWireVersion, type, body.Union()));
    return {builder_.GetBufferPointer(), builder_.GetSize()};
  }

  flatbuffers::FlatBufferBuilder builder_;
};

/// The frame that an Assign speaks of. `pixels` is the object at its place (kind Pixels), which `owner` keeps there;
/// `file` its open file (kind File). Throws ProtocolError where they do not fit together.
Frame read_frame(const wire::Assign& message, std::shared_ptr<const OpenFile> file,
                 std::span<const std::uint8_t> pixels, std::shared_ptr<const void> owner);

}  // namespace capillaryx
