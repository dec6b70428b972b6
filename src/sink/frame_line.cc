// SPDX-License-Identifier: Apache-2.0
// One frame's line of results.jsonl: written by hand, as the polygons are nearly all of it and want the shortest text
// of a float; read by the JSON library, as what is read may be hostile.
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "capillaryx/error.h"
#include "sink/json_text.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

using nlohmann::json;

void append_key(std::string& out, const char* key) {
  out += ",\"";
  out += key;
  out += "\":";
}

template <class Number>
void append_field(std::string& out, const char* key, Number value) {
  append_key(out, key);
  append_json_number(out, value);
}

void append_numbers(std::string& out, const char* key, const std::map<std::string, double>& values) {
  append_key(out, key);
  out += '{';
  bool first = true;
  for (const auto& [name, value] : values) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, name);
    out += ':';
    append_json_number(out, value);
  }
  out += '}';
}

void append_capillaries(std::string& out, std::span<const Capillary> capillaries) {
  append_key(out, "capillaries");
  out += '[';
  for (std::size_t i = 0; i < capillaries.size(); ++i) {
    const Capillary& capillary = capillaries[i];
    out += i == 0 ? "{\"bbox\":[" : ",{\"bbox\":[";
    for (std::size_t k = 0; k < 4; ++k) {
      if (k > 0) out += ',';
      append_json_number(out, std::int64_t{capillary.bbox[k]});
    }
    out += "],\"polygon\":[";
    append_json_numbers(out, capillary.polygon);
    out += ']';
    append_field(out, "area_px", std::int64_t{capillary.area_px});
    append_field(out, "score", capillary.score);
    out += '}';
  }
  out += ']';
}

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorKind::kInput, "not a frame's line: " + what); }

const json& member(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) refuse(std::string("no ") + key);
  return *found;
}

bool absent(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null();
}

std::string text_of(const json& object, const char* key) {
  const json& value = member(object, key);
  if (!value.is_string()) refuse(std::string(key) + " is not a text");
  return value.get<std::string>();
}

double number_of(const json& value, const char* key) {
  if (!value.is_number()) refuse(std::string(key) + " is not a number");
  return value.get<double>();
}

std::int64_t integer_of(const json& value, const char* key, std::int64_t max) {
  if (!value.is_number_integer()) refuse(std::string(key) + " is not a whole number");
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(max)) {
    refuse(std::string(key) + " is too large");
  }
  const auto number = value.get<std::int64_t>();
  if (number < 0 || number > max) refuse(std::string(key) + " is out of its range");
  return number;
}

int int_of(const json& value, const char* key) {
  return static_cast<int>(integer_of(value, key, std::numeric_limits<int>::max()));
}

std::map<std::string, double> numbers_of(const json& object, const char* key) {
  std::map<std::string, double> values;
  if (absent(object, key)) return values;
  const json& member_value = member(object, key);
  if (!member_value.is_object()) refuse(std::string(key) + " is not an object");
  for (const auto& [name, value] : member_value.items()) {
    if (!value.is_null()) values[name] = number_of(value, key);
  }
  return values;
}

Capillary capillary_of(const json& object) {
  if (!object.is_object()) refuse("a capillary is not an object");
  Capillary capillary;
  const json& bbox = member(object, "bbox");
  if (!bbox.is_array() || bbox.size() != 4) refuse("bbox is not four numbers");
  for (std::size_t k = 0; k < 4; ++k) capillary.bbox[k] = int_of(bbox[k], "bbox");
  const json& polygon = member(object, "polygon");
  if (!polygon.is_array()) refuse("polygon is not a list");
  capillary.polygon.reserve(polygon.size());
  for (const json& value : polygon) {
    const double coordinate = number_of(value, "polygon");
    if (!(std::abs(coordinate) <= 1e9)) refuse("polygon leaves the frame");
    capillary.polygon.push_back(static_cast<float>(coordinate));
  }
  capillary.area_px = int_of(member(object, "area_px"), "area_px");
  capillary.score = number_of(member(object, "score"), "score");
  return capillary;
}

Timing timing_of(const json& object) {
  if (!object.is_object()) refuse("timing is not an object");
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
  refuse("unknown status");
}

/// A capillary's flaw in a frame of `width` x `height`, or nothing.
const char* flaw_of(const Capillary& capillary, int width, int height) {
  const auto [x, y, w, h] = capillary.bbox;
  if (x < 0 || y < 0 || w <= 0 || h <= 0 || w > width - x || h > height - y) return "its box leaves the frame";
  if (capillary.polygon.size() < 6 || capillary.polygon.size() % 2 != 0) return "it has no outline";
  for (std::size_t i = 0; i < capillary.polygon.size(); i += 2) {
    const double px = capillary.polygon[i];
    const double py = capillary.polygon[i + 1];
    if (!(px >= x - 1.0 && px <= x + w + 1.0 && py >= y - 1.0 && py <= y + h + 1.0))
      return "its outline leaves its box";
  }
  if (capillary.area_px <= 0 || capillary.area_px > std::int64_t{w} * h) return "its area does not fit its box";
  if (!(capillary.score >= 0 && capillary.score <= 1)) return "its score is not between 0 and 1";
  return nullptr;
}

}  // namespace

std::string find_flaw(const FrameResult& result) {
  if (result.width < 0 || result.height < 0) return "its size is negative";
  if (result.scale_um_per_px && !(std::isfinite(*result.scale_um_per_px) && *result.scale_um_per_px > 0)) {
    return "its scale is not a length";
  }
  if (result.time_s && !std::isfinite(*result.time_s)) return "its time is not a number";
  for (const auto& [name, value] : result.values) {
    if (!std::isfinite(value)) return "its value '" + name + "' is not a finite number";
  }
  if (result.status != Status::kOk) return result.error.empty() ? "it has no result and no reason" : "";
  if (!(result.density >= 0 && result.density <= 1)) return "its density is not between 0 and 1";
  if (result.valid_px < 0 || result.valid_px > std::int64_t{result.width} * result.height) {
    return "it has more valid pixels than pixels";
  }
  for (std::size_t i = 0; i < result.capillaries.size(); ++i) {
    if (const char* flaw = flaw_of(result.capillaries[i], result.width, result.height)) {
      return "capillary " + std::to_string(i) + ": " + flaw;
    }
  }
  return "";
}

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
  if (result.time_s) append_field(out, "time_s", *result.time_s);
  append_key(out, "sha256");
  if (result.sha256.empty()) {
    out += "null";
  } else {
    append_json_string(out, result.sha256);
  }
  append_key(out, "status");
  append_json_string(out, to_string(result.status));
  append_key(out, "error");
  if (ok) {
    out += "null";
  } else {
    append_json_string(out, result.error);
  }
  const auto append_known = [&](const char* key, bool known, std::int64_t value) {
    append_key(out, key);
    if (known) {
      append_json_number(out, value);
    } else {
      out += "null";
    }
  };
  append_known("width", result.width > 0, result.width);
  append_known("height", result.height > 0, result.height);
  append_capillaries(out, ok ? std::span(result.capillaries) : std::span<const Capillary>());
  append_known("count", ok, static_cast<std::int64_t>(result.capillaries.size()));
  append_field(out, "density", ok ? result.density : std::numeric_limits<double>::quiet_NaN());
  append_known("valid_px", ok, result.valid_px);
  append_field(out, "scale_um_per_px", result.scale_um_per_px.value_or(std::numeric_limits<double>::quiet_NaN()));
  append_numbers(out, "values", result.values);
  append_key(out, "timing");
  out += "{\"total_ms\":";
  append_json_number(out, result.timing.total_ms);
  append_numbers(out, "stages_ms", result.timing.stages_ms);
  if (result.timing.latency_ms) append_field(out, "latency_ms", *result.timing.latency_ms);
  append_field(out, "worker", std::int64_t{result.timing.worker});
  append_field(out, "attempt", std::int64_t{result.timing.attempt});
  out += "}}";
}

FrameResult parse_frame_line(std::string_view line) {
  const json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) refuse("not a JSON object");
  if (text_of(object, "type") != "frame") refuse("its type is another");
  constexpr std::int64_t kMany = 1'000'000'000'000'000;
  FrameResult result;
  result.index = integer_of(member(object, "index"), "index", kMany);
  result.source = text_of(object, "source");
  if (!absent(object, "time_s")) result.time_s = number_of(member(object, "time_s"), "time_s");
  if (!absent(object, "sha256")) result.sha256 = text_of(object, "sha256");
  result.status = status_of(text_of(object, "status"));
  if (!absent(object, "error")) result.error = text_of(object, "error");
  if (!absent(object, "width")) result.width = int_of(member(object, "width"), "width");
  if (!absent(object, "height")) result.height = int_of(member(object, "height"), "height");
  if (!absent(object, "scale_um_per_px")) {
    result.scale_um_per_px = number_of(member(object, "scale_um_per_px"), "scale_um_per_px");
  }
  result.values = numbers_of(object, "values");
  result.timing = timing_of(member(object, "timing"));
  const json& capillaries = member(object, "capillaries");
  if (!capillaries.is_array()) refuse("capillaries is not a list");
  if (result.status == Status::kOk) {
    result.capillaries.reserve(capillaries.size());
    for (const json& capillary : capillaries) result.capillaries.push_back(capillary_of(capillary));
    if (integer_of(member(object, "count"), "count", kMany) != static_cast<std::int64_t>(capillaries.size())) {
      refuse("count is not the number of capillaries");
    }
    result.density = number_of(member(object, "density"), "density");
    result.valid_px = integer_of(member(object, "valid_px"), "valid_px", kMany);
  } else if (!capillaries.empty()) {
    refuse("capillaries of a frame that was not analysed");
  }
  if (const std::string flaw = find_flaw(result); !flaw.empty()) refuse(flaw);
  return result;
}

}  // namespace capillaryx
