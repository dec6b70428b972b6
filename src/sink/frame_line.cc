// SPDX-License-Identifier: Apache-2.0
// One frame's line of results.jsonl: written by hand, as the polygons are nearly all of it and want the shortest text
// of a float.
#include <array>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include "sink/json_fields.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

void append_box(std::string& out, const std::array<int, 4>& box) {
  for (std::size_t k = 0; k < 4; ++k) {
    if (k > 0) out += ',';
    append_json_number(out, std::int64_t{box[k]});
  }
}

void append_capillaries(std::string& out, std::span<const Capillary> capillaries) {
  append_key(out, "capillaries");
  out += '[';
  for (std::size_t i = 0; i < capillaries.size(); ++i) {
    const Capillary& capillary = capillaries[i];
    out += i == 0 ? "{\"bbox\":[" : ",{\"bbox\":[";
    append_box(out, capillary.bbox);
    out += "],\"polygon\":[";
    append_json_numbers(out, capillary.polygon);
    out += ']';
    append_field(out, "area_px", std::int64_t{capillary.area_px});
    append_field(out, "score", capillary.score);
    out += '}';
  }
  out += ']';
}

void append_candidates(std::string& out, std::span<const Candidate> candidates) {
  append_key(out, "candidates");
  out += '[';
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    out += i == 0 ? "[" : ",[";
    append_box(out, candidates[i].bbox);
    out += ',';
    append_json_number(out, candidates[i].score);
    out += ']';
  }
  out += ']';
}

void append_quality(std::string& out, const std::optional<FrameQuality>& quality) {
  append_key(out, "quality");
  if (!quality) {
    out += "null";
    return;
  }
  out += quality->usable ? R"({"usable":true)" : R"({"usable":false)";
  append_texts(out, "reasons", quality->reasons);
  for (const auto& [name, value] : quality->measures) {
    out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_number(out, value);
  }
  out += '}';
}

}  // namespace

std::string frame_line(const FrameResult& result) {
  std::string line;
  append_frame_line(line, result);
  return line;
}

void append_frame_line(std::string& out, const FrameResult& result) {
  const bool ok = result.status == Status::kOk;
  std::size_t points = 0;
  for (const Capillary& capillary : result.capillaries) points += capillary.polygon.size();
  out.reserve(out.size() + 1024 + 80 * result.capillaries.size() + 8 * points);
  out += R"({"type":"frame")";
  append_field(out, "index", result.index);
  append_key(out, "source");
  append_json_string(out, result.source);
  append_key(out, "file");
  append_json_string(out, result.file);
  append_field(out, "page", result.page);
  append_field(out, "time_s", result.time_s);
  append_text_or_null(out, "sha256", result.sha256);
  append_key(out, "status");
  append_json_string(out, to_string(result.status));
  append_text_or_null(out, "error", ok ? "" : result.error);
  const auto known = [](bool is_known, std::int64_t value) { return is_known ? std::optional(value) : std::nullopt; };
  append_field(out, "width", known(result.width > 0, result.width));
  append_field(out, "height", known(result.height > 0, result.height));
  append_capillaries(out, ok ? std::span(result.capillaries) : std::span<const Capillary>());
  append_candidates(out, ok ? std::span(result.candidates) : std::span<const Candidate>());
  append_field(out, "count", known(ok, static_cast<std::int64_t>(result.capillaries.size())));
  append_field(out, "density", ok ? result.density : std::numeric_limits<double>::quiet_NaN());
  append_field(out, "valid_px", known(ok, result.valid_px));
  append_field(out, "scale_um_per_px", result.scale_um_per_px);
  if (!result.input) {  // else the file's input line has them
    append_text_or_null(out, "scale_from", result.scale_from);
    append_field(out, "value_range", result.value_range);
    append_field(out, "magnification", result.magnification);
  }
  append_numbers(out, "values", result.values);
  append_quality(out, result.quality);
  append_text_or_null(out, "clip", result.clip);
  append_key(out, "landmarks");
  out += '[';
  for (std::size_t i = 0; i < result.landmarks.size(); ++i) {
    if (i > 0) out += ',';
    append_json_number(out, std::int64_t{result.landmarks[i]});
  }
  out += ']';
  append_texts(out, "notes", result.notes);
  append_key(out, "timing");
  out += "{\"total_ms\":";
  append_json_number(out, result.timing.total_ms);
  append_numbers(out, "stages_ms", result.timing.stages_ms);
  if (result.timing.latency_ms) append_field(out, "latency_ms", *result.timing.latency_ms);
  append_field(out, "worker", std::int64_t{result.timing.worker});
  append_field(out, "attempt", std::int64_t{result.timing.attempt});
  out += "}}";
}

}  // namespace capillaryx
