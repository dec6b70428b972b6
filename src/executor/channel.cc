// SPDX-License-Identifier: Apache-2.0
#include "executor/channel.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include "executor/input_message.h"

namespace capillaryx {
namespace {

void require(bool holds, const char* what) {
  if (!holds) throw ProtocolError(what);
}

}  // namespace

std::optional<SealedObject> store_pixels(ObjectStore& store, const PixelView& pixels) {
  const std::size_t row_bytes = static_cast<std::size_t>(pixels.width) * static_cast<std::size_t>(pixels.channels);
  auto loan = store.loan(row_bytes * static_cast<std::size_t>(pixels.height));
  if (!loan) return std::nullopt;
  if (pixels.stride_bytes == static_cast<std::ptrdiff_t>(row_bytes)) {
    std::memcpy(loan->bytes().data(), pixels.data, loan->bytes().size());
  } else {
    for (int y = 0; y < pixels.height; ++y) {
      std::memcpy(loan->bytes().data() + static_cast<std::size_t>(y) * row_bytes, pixels.row(y), row_bytes);
    }
  }
  return std::move(*loan).seal();
}

const wire::Message& read_message(std::span<const std::uint8_t> bytes) {
  // A result of many capillaries has many tables; no more than its bytes can hold.
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), 16,
                                 static_cast<flatbuffers::uoffset_t>(bytes.size() / 4 + 1));
  require(bytes.size() >= 16 && wire::VerifyMessageBuffer(verifier), "a message that cannot be read");
  const wire::Message& message = *wire::GetMessage(bytes.data());
  if (message.version() != kWireVersion) {
    throw ProtocolError("the other end speaks version " + std::to_string(message.version()) +
                        " of the messages, this one version " + std::to_string(kWireVersion) +
                        ": worker program and library must be of one release");
  }
  return message;
}

Probed read_probed(const wire::Probed& message) {
  Probed probed;
  if (message.input() != nullptr) probed.input = read_input(*message.input());
  probed.error = message.error()->str();
  require((probed.input == nullptr) != probed.error.empty(), "a file without facts needs a reason, another has none");
  return probed;
}

Frame read_frame(const wire::Assign& message, std::shared_ptr<const OpenFile> file,
                 std::span<const std::uint8_t> pixels, std::shared_ptr<const void> owner) {
  FrameInfo info;
  info.index = message.index();
  info.source = message.source()->str();
  info.file = message.file()->str();
  info.page = message.page();
  if (message.input() != nullptr) info.input = read_input(*message.input());
  info.time_s = message.time_s();
  switch (message.kind()) {
    case wire::FrameKind::File:
      require(file != nullptr, "a frame without its file");
      return Frame::from_file(std::move(info), std::move(file));
    case wire::FrameKind::Pixels: {
      const PixelView view{pixels.data(), message.width(), message.height(), message.channels(),
                           std::ptrdiff_t{message.width()} * message.channels()};
      require(view.width > 0 && view.height > 0 && (view.channels == 1 || view.channels == 3), "a frame without size");
      require(pixels.size() == static_cast<std::uint64_t>(view.height) * static_cast<std::uint64_t>(view.stride_bytes),
              "a frame whose pixels do not fit its size");
      return Frame::from_pixels(std::move(info), view, std::move(owner));
    }
    case wire::FrameKind::Unreadable:
      return Frame::unreadable(std::move(info), message.reason() ? message.reason()->str() : "unreadable");
  }
  throw ProtocolError("a frame of unknown kind");
}

MessageWriter::Bytes MessageWriter::hello(wire::Role role, int slot, const std::string& options_json) {
  builder_.Clear();
  return finish(wire::Body::Hello, wire::CreateHello(builder_, role, slot, builder_.CreateString(options_json)));
}

MessageWriter::Bytes MessageWriter::assign(std::int64_t frame_id, const Frame& frame, const ObjectPlace* place,
                                           const FrameFiles& files, bool has_store) {
  builder_.Clear();
  const FrameInfo& info = frame.info();
  const auto source = builder_.CreateString(info.source);
  const auto file = builder_.CreateString(info.file);
  const auto reason = builder_.CreateString(frame.error());
  const auto input = info.input ? write_input(builder_, *info.input, false) : 0;
  wire::AssignBuilder body(builder_);
  body.add_frame(frame_id);
  body.add_index(info.index);
  body.add_source(source);
  body.add_file(file);
  if (info.page) body.add_page(*info.page);
  if (info.input) body.add_input(input);
  if (info.time_s) body.add_time_s(*info.time_s);
  const wire::Place where = place != nullptr ? wire::Place(place->offset, place->size_bytes) : wire::Place();
  if (place != nullptr) body.add_place(&where);
  if (!frame.pixels().empty()) {
    body.add_kind(wire::FrameKind::Pixels);
    body.add_width(frame.pixels().width);
    body.add_height(frame.pixels().height);
    body.add_channels(frame.pixels().channels);
  } else if (frame.file()) {
    body.add_kind(wire::FrameKind::File);
  } else {
    body.add_kind(wire::FrameKind::Unreadable);
    body.add_reason(reason);
  }
  body.add_has_overlay(files.overlay != nullptr);
  body.add_has_picture(files.picture != nullptr);
  body.add_has_store(has_store);
  return finish(wire::Body::Assign, body.Finish());
}

MessageWriter::Bytes MessageWriter::assign_probe(std::int64_t frame_id) {
  builder_.Clear();
  const auto empty = builder_.CreateString("");
  wire::AssignBuilder body(builder_);
  body.add_frame(frame_id);
  body.add_source(empty);
  body.add_file(empty);
  body.add_kind(wire::FrameKind::File);
  body.add_probe(true);
  return finish(wire::Body::Assign, body.Finish());
}

MessageWriter::Bytes MessageWriter::probed(std::int64_t frame_id, const Probed& probed) {
  builder_.Clear();
  const auto input = probed.input ? write_input(builder_, *probed.input, true) : 0;
  return finish(wire::Body::Probed, wire::CreateProbed(builder_, frame_id, input, builder_.CreateString(probed.error)));
}

MessageWriter::Bytes MessageWriter::result_copied() {
  builder_.Clear();
  return finish(wire::Body::ResultCopied, wire::CreateResultCopied(builder_));
}

MessageWriter::Bytes MessageWriter::leave() {
  builder_.Clear();
  return finish(wire::Body::Leave, wire::CreateLeave(builder_));
}

MessageWriter::Bytes MessageWriter::ready(const std::string& analyzer, const std::string& warning) {
  builder_.Clear();
  const auto name = builder_.CreateString(analyzer);
  return finish(wire::Body::Ready, wire::CreateReady(builder_, name, builder_.CreateString(warning)));
}

MessageWriter::Bytes MessageWriter::run_error(ErrorKind kind, const std::string& message) {
  builder_.Clear();
  const auto text = builder_.CreateString(message);
  return finish(wire::Body::RunError, wire::CreateRunError(builder_, static_cast<int>(kind), text));
}

MessageWriter::Bytes MessageWriter::leaving(const std::string& reason) {
  builder_.Clear();
  return finish(wire::Body::Leaving, wire::CreateLeaving(builder_, builder_.CreateString(reason)));
}

MessageWriter::Bytes MessageWriter::stored(std::int64_t frame_id, const ObjectPlace& place) {
  builder_.Clear();
  const wire::Place where(place.offset, place.size_bytes);
  return finish(wire::Body::Stored, wire::CreateStored(builder_, frame_id, &where));
}

MessageWriter::Bytes MessageWriter::frame_released(std::int64_t frame_id) {
  builder_.Clear();
  return finish(wire::Body::FrameReleased, wire::CreateFrameReleased(builder_, frame_id));
}

MessageWriter::Bytes MessageWriter::launch(std::int64_t worker) {
  builder_.Clear();
  return finish(wire::Body::Launch, wire::CreateLaunch(builder_, worker));
}

MessageWriter::Bytes MessageWriter::end_worker(std::int64_t worker, bool at_once) {
  builder_.Clear();
  return finish(wire::Body::EndWorker, wire::CreateEndWorker(builder_, worker, at_once));
}

MessageWriter::Bytes MessageWriter::launched(std::int64_t worker, std::int64_t process) {
  builder_.Clear();
  return finish(wire::Body::Launched, wire::CreateLaunched(builder_, worker, process));
}

MessageWriter::Bytes MessageWriter::gone(std::int64_t worker, const std::string& how) {
  builder_.Clear();
  return finish(wire::Body::Gone, wire::CreateGone(builder_, worker, builder_.CreateString(how)));
}

MessageWriter::Bytes MessageWriter::workers_changed(const ExecutorStatus& status) {
  builder_.Clear();
  return finish(wire::Body::WorkersChanged,
                wire::CreateWorkersChanged(builder_, status.workers_ready, status.worker_deaths, status.retries,
                                           builder_.CreateString(status.warning)));
}

}  // namespace capillaryx
