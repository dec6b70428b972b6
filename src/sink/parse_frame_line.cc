// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "capillaryx/error.h"
#include "sink/json_fields.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

using nlohmann::json;

Capillary capillary_of(const json& object) {
  if (!object.is_object()) refuse_line("a capillary is not an object");
  Capillary capillary;
  const json& bbox = member(object, "bbox");
  if (!bbox.is_array() || bbox.size() != 4) refuse_line("bbox is not four numbers");
  for (std::size_t k = 0; k < 4; ++k) capillary.bbox[k] = int_of(bbox[k], "bbox");
  const json& polygon = member(object, "polygon");
  if (!polygon.is_array()) refuse_line("polygon is not a list");
  capillary.polygon.reserve(polygon.size());
  for (const json& value : polygon) {
    const double coordinate = number_of(value, "polygon");
    if (!(std::abs(coordinate) <= 1e9)) refuse_line("polygon leaves the frame");
    capillary.polygon.push_back(static_cast<float>(coordinate));
  }
  capillary.area_px = int_of(member(object, "area_px"), "area_px");
  capillary.score = number_of(member(object, "score"), "score");
  return capillary;
}

Timing timing_of(const json& object) {
  if (!object.is_object()) refuse_line("timing is not an object");
  Timing timing;
  if (!absent(object, "total_ms")) timing.total_ms = number_of(member(object, "total_ms"), "total_ms");
  timing.stages_ms = numbers_of(object, "stages_ms");
  if (!absent(object, "latency_ms")) timing.latency_ms = number_of(member(object, "latency_ms"), "latency_ms");
  if (!absent(object, "worker")) timing.worker = int_of(member(object, "worker"), "worker");
  if (!absent(object, "attempt")) timing.attempt = int_of(member(object, "attempt"), "attempt");
  return timing;
}

Status status_of(const std::string& name) {
  for (const Status status : {Status::kOk, Status::kFailed, Status::kDropped}) {
    if (name == to_string(status)) return status;
  }
  refuse_line("unknown status");
}

std::vector<Candidate> candidates_of(const json& object) {
  std::vector<Candidate> candidates;
  if (absent(object, "candidates")) return candidates;
  const json& list = member(object, "candidates");
  if (!list.is_array()) refuse_line("candidates is not a list");
  candidates.reserve(list.size());
  for (const json& item : list) {
    if (!item.is_array() || item.size() != 5) refuse_line("a candidate is not a box and a score");
    Candidate& candidate = candidates.emplace_back();
    for (std::size_t k = 0; k < 4; ++k) candidate.bbox[k] = int_of(item[k], "candidates");
    const double score = number_of(item[4], "candidates");
    if (!(score >= 0 && score <= 1)) refuse_line("a candidate's score is not between 0 and 1");
    candidate.score = static_cast<float>(score);
  }
  return candidates;
}

FrameQuality quality_of(const json& object) {
  if (!object.is_object()) refuse_line("quality is not an object");
  FrameQuality quality;
  const json& usable = member(object, "usable");
  if (!usable.is_boolean()) refuse_line("usable is neither true nor false");
  quality.usable = usable.get<bool>();
  quality.reasons = texts_of(object, "reasons");
  for (const auto& [name, value] : object.items()) {
    if (name != "usable" && name != "reasons" && !value.is_null()) quality.measures[name] = number_of(value, "quality");
  }
  return quality;
}

std::vector<int> landmarks_of(const json& object) {
  std::vector<int> landmarks;
  if (absent(object, "landmarks")) return landmarks;
  const json& list = member(object, "landmarks");
  if (!list.is_array()) refuse_line("landmarks is not a list");
  for (const json& value : list) landmarks.push_back(int_of(value, "landmarks"));
  return landmarks;
}

/// Schema 1 has no file and page: a frame with a time is `file#page`.
void name_file(FrameResult& result) {
  result.file = result.source;
  const std::size_t hash = result.source.rfind('#');
  if (!result.time_s || hash == std::string::npos) return;
  result.file = result.source.substr(0, hash);
  const std::string digits = result.source.substr(hash + 1);
  std::int64_t page = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), page);
  if (error == std::errc() && end == digits.data() + digits.size() && page >= 0) result.page = page;
}

}  // namespace

FrameResult parse_frame_line(std::string_view line) {
  const json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) refuse_line("not a JSON object");
  if (text_of(object, "type") != "frame") refuse_line("its type is another");
  FrameResult result;
  result.index = integer_of(member(object, "index"), "index", kMostOfAnything);
  result.source = text_of(object, "source");
  const bool schema_1 = absent(object, "file");
  if (!schema_1) result.file = text_of(object, "file");
  result.page = optional_integer(object, "page");
  result.time_s = optional_number(object, "time_s");
  if (schema_1) name_file(result);
  result.sha256 = text_or_empty(object, "sha256");
  result.status = status_of(text_of(object, "status"));
  result.error = text_or_empty(object, "error");
  if (!absent(object, "width")) result.width = int_of(member(object, "width"), "width");
  if (!absent(object, "height")) result.height = int_of(member(object, "height"), "height");
  result.scale_um_per_px = optional_number(object, "scale_um_per_px");
  result.scale_from = text_or_empty(object, "scale_from");
  if (schema_1 && result.scale_um_per_px) result.scale_from = kScaleFromOption;
  result.value_range = optional_range(object, "value_range");
  result.magnification = optional_number(object, "magnification");
  if (!absent(object, "quality")) result.quality = quality_of(member(object, "quality"));
  result.clip = text_or_empty(object, "clip");
  result.landmarks = landmarks_of(object);
  result.notes = texts_of(object, "notes");
  result.values = numbers_of(object, "values");
  result.timing = timing_of(member(object, "timing"));
  const json& capillaries = member(object, "capillaries");
  if (!capillaries.is_array()) refuse_line("capillaries is not a list");
  if (result.status == Status::kOk) {
    result.capillaries.reserve(capillaries.size());
    for (const json& capillary : capillaries) result.capillaries.push_back(capillary_of(capillary));
    if (integer_of(member(object, "count"), "count", kMostOfAnything) !=
        static_cast<std::int64_t>(capillaries.size())) {
      refuse_line("count is not the number of capillaries");
    }
    result.candidates = candidates_of(object);
    result.density = number_of(member(object, "density"), "density");
    result.valid_px = integer_of(member(object, "valid_px"), "valid_px", kMostOfAnything);
  } else if (!capillaries.empty()) {
    refuse_line("capillaries of a frame that was not analysed");
  }
  if (const std::string flaw = find_flaw(result); !flaw.empty()) refuse_line(flaw);
  return result;
}

}  // namespace capillaryx
