// SPDX-License-Identifier: Apache-2.0
#include "executor/channel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

namespace capillaryx {
namespace {

using flatbuffers::Offset;

void require(bool holds, const char* what) {
  if (!holds) throw ProtocolError(what);
}

double finite(double value) {
  require(std::isfinite(value), "a number that is not finite");
  return value;
}

/// Without a branch a number: outlines are nearly all of a result.
bool all_finite(std::span<const float> values) {
  constexpr std::uint32_t kExponent = 0x7F800000;
  bool finite = true;
  for (const float value : values) finite &= (std::bit_cast<std::uint32_t>(value) & kExponent) != kExponent;
  return finite;
}

/// Names become file names and keys.
std::string safe_stem(const std::string& name) {
  const auto safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  require(!name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), safe),
          "a stage picture whose name is no safe file stem");
  return name;
}

std::map<std::string, double> read_values(const flatbuffers::Vector<Offset<wire::Value>>& values) {
  std::map<std::string, double> read;
  for (const auto* value : values) read[value->name()->str()] = finite(value->number());
  return read;
}

StagePicture read_picture(const wire::StagePicture& message) {
  StagePicture picture;
  picture.name = safe_stem(message.name()->str());
  picture.width = message.width();
  picture.height = message.height();
  picture.channels = message.channels();
  require(picture.width > 0 && picture.height > 0 && (picture.channels == 1 || picture.channels == 3),
          "a stage picture without a size");
  const auto expected = static_cast<std::uint64_t>(picture.width) * static_cast<std::uint64_t>(picture.height) *
                        static_cast<std::uint64_t>(picture.channels);
  require(message.pixels()->size() == expected, "a stage picture whose pixels do not fit its size");
  picture.pixels.assign(message.pixels()->begin(), message.pixels()->end());
  return picture;
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

FrameResult read_result(const wire::Result& message, const FrameInfo& info) {
  FrameResult result;
  result.index = info.index;
  result.source = info.source;
  result.time_s = info.time_s;
  result.status = message.dropped() ? Status::kDropped : message.failed() ? Status::kFailed : Status::kOk;
  result.error = message.error()->str();
  require((result.status == Status::kOk) == result.error.empty(), "a failed result needs a reason, another has none");
  result.sha256 = message.sha256()->str();
  require(result.sha256.empty() ||
              (result.sha256.size() == 64 && result.sha256.find_first_not_of("0123456789abcdef") == std::string::npos),
          "a hash that is none");
  result.width = message.width();
  result.height = message.height();
  require(result.width >= 0 && result.height >= 0, "a frame of negative size");
  result.capillaries.reserve(message.capillaries()->size());
  for (const auto* capillary : *message.capillaries()) {
    Capillary& read = result.capillaries.emplace_back();
    const wire::Box& box = *capillary->bbox();
    read.bbox = {box.x(), box.y(), box.width(), box.height()};
    read.polygon.assign(capillary->polygon()->begin(), capillary->polygon()->end());
    require(all_finite(read.polygon), "a number that is not finite");
    read.area_px = capillary->area_px();
    read.score = finite(capillary->score());
  }
  result.density = finite(message.density());
  result.valid_px = message.valid_px();
  if (message.scale_um_per_px()) result.scale_um_per_px = finite(*message.scale_um_per_px());
  result.values = read_values(*message.values());
  for (const auto* picture : *message.stage_pictures()) result.stage_pictures.push_back(read_picture(*picture));
  result.timing.total_ms = finite(message.total_ms());
  result.timing.stages_ms = read_values(*message.stages_ms());
  return result;
}

Frame read_frame(const wire::Assign& message, std::shared_ptr<const OpenFile> file,
                 std::span<const std::uint8_t> pixels, std::shared_ptr<const void> owner) {
  FrameInfo info;
  info.index = message.index();
  info.source = message.source()->str();
  if (message.time_s()) info.time_s = *message.time_s();
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

template <class Body>
MessageWriter::Bytes MessageWriter::finish(wire::Body type, flatbuffers::Offset<Body> body) {
  wire::FinishMessageBuffer(builder_, wire::CreateMessage(builder_, kWireVersion, type, body.Union()));
  return {builder_.GetBufferPointer(), builder_.GetSize()};
}

MessageWriter::Bytes MessageWriter::hello(wire::Role role, int slot, const std::string& options_json) {
  builder_.Clear();
  return finish(wire::Body::Hello, wire::CreateHello(builder_, role, slot, builder_.CreateString(options_json)));
}

MessageWriter::Bytes MessageWriter::assign(std::int64_t frame_id, const Frame& frame, const ObjectPlace* place,
                                           bool has_overlay, bool has_store) {
  builder_.Clear();
  const auto source = builder_.CreateString(frame.info().source);
  const auto reason = builder_.CreateString(frame.error());
  wire::AssignBuilder body(builder_);
  body.add_frame(frame_id);
  body.add_index(frame.info().index);
  body.add_source(source);
  if (frame.info().time_s) body.add_time_s(*frame.info().time_s);
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
  body.add_has_overlay(has_overlay);
  body.add_has_store(has_store);
  return finish(wire::Body::Assign, body.Finish());
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

MessageWriter::Bytes MessageWriter::done(std::int64_t frame_id, const FrameResult& result, bool keeps_frame) {
  builder_.Clear();
  const auto values_of = [this](const std::map<std::string, double>& values) {
    std::vector<Offset<wire::Value>> written;
    for (const auto& [name, number] : values) {
      written.push_back(wire::CreateValue(builder_, builder_.CreateString(name), number));
    }
    return builder_.CreateVector(written);
  };
  std::vector<Offset<wire::Capillary>> capillaries;
  for (const auto& capillary : result.capillaries) {
    const wire::Box box(capillary.bbox[0], capillary.bbox[1], capillary.bbox[2], capillary.bbox[3]);
    capillaries.push_back(wire::CreateCapillary(builder_, &box, builder_.CreateVector(capillary.polygon),
                                                capillary.area_px, capillary.score));
  }
  std::vector<Offset<wire::StagePicture>> pictures;
  for (const auto& picture : result.stage_pictures) {
    const auto name = builder_.CreateString(picture.name);
    const auto pixels = builder_.CreateVector(picture.pixels);
    pictures.push_back(
        wire::CreateStagePicture(builder_, name, picture.width, picture.height, picture.channels, pixels));
  }
  const auto error = builder_.CreateString(result.error);
  const auto sha256 = builder_.CreateString(result.sha256);
  const auto all_capillaries = builder_.CreateVector(capillaries);
  const auto values = values_of(result.values);
  const auto all_pictures = builder_.CreateVector(pictures);
  const auto stages_ms = values_of(result.timing.stages_ms);
  wire::ResultBuilder body(builder_);
  body.add_failed(result.status == Status::kFailed);
  body.add_dropped(result.status == Status::kDropped);
  body.add_error(error);
  body.add_sha256(sha256);
  body.add_width(result.width);
  body.add_height(result.height);
  body.add_capillaries(all_capillaries);
  body.add_density(result.density);
  body.add_valid_px(result.valid_px);
  if (result.scale_um_per_px) body.add_scale_um_per_px(*result.scale_um_per_px);
  body.add_values(values);
  body.add_stage_pictures(all_pictures);
  body.add_total_ms(result.timing.total_ms);
  body.add_stages_ms(stages_ms);
  body.add_worker(result.timing.worker);
  body.add_attempt(result.timing.attempt);
  return finish(wire::Body::Done, wire::CreateDone(builder_, frame_id, keeps_frame, body.Finish()));
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
