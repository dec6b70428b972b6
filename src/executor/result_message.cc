// SPDX-License-Identifier: Apache-2.0
// A frame's result as a message, and back.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "executor/channel.h"
#include "executor/input_message.h"

namespace capillaryx {
namespace {

using flatbuffers::Offset;

void require(bool holds, const char* what) {
  if (!holds) throw ProtocolError(what);
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
  for (const auto* value : values) read[value->name()->str()] = read_finite(value->number());
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

FrameResult read_result(const wire::Result& message, const FrameInfo& info) {
  FrameResult result;
  result.index = info.index;
  result.source = info.source;
  result.file = info.file;
  result.page = info.page;
  result.input = info.input;
  result.time_s = info.time_s;
  result.status = message.dropped() ? Status::kDropped : message.failed() ? Status::kFailed : Status::kOk;
  result.error = message.error()->str();
  require((result.status == Status::kOk) == result.error.empty(), "a failed result needs a reason, another has none");
  result.sha256 = read_sha256(*message.sha256());
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
    read.score = read_finite(capillary->score());
  }
  result.density = read_finite(message.density());
  result.valid_px = message.valid_px();
  if (message.scale_um_per_px()) result.scale_um_per_px = read_finite(*message.scale_um_per_px());
  result.scale_from = message.scale_from()->str();
  if (const wire::Range* range = message.value_range()) {
    result.value_range = {read_finite(range->low()), read_finite(range->high())};
  }
  if (message.magnification()) result.magnification = read_finite(*message.magnification());
  result.candidates.reserve(message.candidates()->size());
  for (const auto* candidate : *message.candidates()) {
    const wire::Box& box = *candidate->bbox();
    read_finite(candidate->score());
    result.candidates.push_back({{box.x(), box.y(), box.width(), box.height()}, candidate->score()});
  }
  result.notes = read_texts(*message.notes());
  if (const wire::Quality* quality = message.quality()) {
    result.quality =
        FrameQuality{quality->usable(), read_texts(*quality->reasons()), read_values(*quality->measures())};
  }
  result.clip = message.clip()->str();
  result.landmarks.assign(message.landmarks()->begin(), message.landmarks()->end());
  result.values = read_values(*message.values());
  for (const auto* picture : *message.stage_pictures()) result.stage_pictures.push_back(read_picture(*picture));
  result.timing.total_ms = read_finite(message.total_ms());
  result.timing.stages_ms = read_values(*message.stages_ms());
  return result;
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
  std::vector<Offset<wire::Candidate>> candidates;
  for (const auto& candidate : result.candidates) {
    const wire::Box box(candidate.bbox[0], candidate.bbox[1], candidate.bbox[2], candidate.bbox[3]);
    candidates.push_back(wire::CreateCandidate(builder_, &box, candidate.score));
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
  const auto all_candidates = builder_.CreateVector(candidates);
  const auto scale_from = builder_.CreateString(result.scale_from);
  const auto notes = builder_.CreateVectorOfStrings(result.notes);
  Offset<wire::Quality> quality;
  if (result.quality) {
    const auto reasons = builder_.CreateVectorOfStrings(result.quality->reasons);
    quality = wire::CreateQuality(builder_, result.quality->usable, reasons, values_of(result.quality->measures));
  }
  const auto clip = builder_.CreateString(result.clip);
  const auto landmarks = builder_.CreateVector(result.landmarks);
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
  body.add_scale_from(scale_from);
  const wire::Range range =
      result.value_range ? wire::Range((*result.value_range)[0], (*result.value_range)[1]) : wire::Range();
  if (result.value_range) body.add_value_range(&range);
  if (result.magnification) body.add_magnification(*result.magnification);
  body.add_candidates(all_candidates);
  body.add_notes(notes);
  if (result.quality) body.add_quality(quality);
  body.add_clip(clip);
  body.add_landmarks(landmarks);
  body.add_values(values);
  body.add_stage_pictures(all_pictures);
  body.add_total_ms(result.timing.total_ms);
  body.add_stages_ms(stages_ms);
  body.add_worker(result.timing.worker);
  body.add_attempt(result.timing.attempt);
  return finish(wire::Body::Done, wire::CreateDone(builder_, frame_id, keeps_frame, body.Finish()));
}

}  // namespace capillaryx
