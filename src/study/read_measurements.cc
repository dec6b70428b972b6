// SPDX-License-Identifier: Apache-2.0
#include "study/read_measurements.h"

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "capillaryx/error.h"
#include "study/roi.h"

namespace capillaryx {
namespace {

using nlohmann::json;

constexpr std::string_view kClipLine = R"({"type":"clip")";

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) {
    if (!all.empty()) all += "; ";
    all += text;
  }
  return all;
}

[[noreturn]] void refuse_clip(const std::string& what) {
  throw Error(ErrorKind::kInput, "results.jsonl has a clip line that cannot be: " + what);
}

/// A member that is a number of 0 or more, or null.
std::optional<double> number_in(const json& clip, const char* name) {
  const json value = clip.value(name, json());
  if (value.is_null()) return std::nullopt;
  if (!value.is_number() || !(value.get<double>() >= 0)) refuse_clip(name);
  return value.get<double>();
}

/// Area inside a closed outline x0, y0, x1, y1, ...
double area_of(const json& polygon) {
  double twice = 0;
  const std::size_t points = polygon.is_array() ? polygon.size() / 2 : 0;
  for (std::size_t i = 0; i < points; ++i) {
    const std::size_t j = (i + 1) % points;
    for (const std::size_t at : {2 * i, 2 * i + 1}) {
      if (!polygon[at].is_number()) refuse_clip("polygon");
    }
    if (!polygon[2 * j].is_number() || !polygon[2 * j + 1].is_number()) refuse_clip("polygon");
    twice += polygon[2 * i].get<double>() * polygon[2 * j + 1].get<double>() -
             polygon[2 * j].get<double>() * polygon[2 * i + 1].get<double>();
  }
  return std::abs(twice) / 2;
}

}  // namespace

std::vector<std::string> default_label_columns() { return {kLabelColumns.begin(), kLabelColumns.end()}; }

MeasurementReader::MeasurementReader(const Study& study, std::optional<double> scale_um_per_px, bool keep_unusable,
                                     std::map<std::string, std::string> files)
    : study_(study), scale_(scale_um_per_px), keep_unusable_(keep_unusable), names_(std::move(files)) {
  for (std::size_t i = 0; i < study.rows.size(); ++i) rows_.emplace(study.rows[i].file, i);
}

std::string MeasurementReader::file_of(const FrameResult& result) const {
  const std::string& file = result.file.empty() ? result.source : result.file;
  const auto found = names_.find(file);
  return found == names_.end() ? file : found->second;
}

/// What a frame is measured as part of. Stills that overlap will share one name here; until then each is a field.
std::string MeasurementReader::name_of(const FrameResult& result) const {
  if (!result.clip.empty()) {
    const auto found = names_.find(result.clip);
    return found == names_.end() ? result.clip : found->second;
  }
  std::string name = file_of(result);
  if (result.page && !result.file.empty()) name += "#" + std::to_string(*result.page);
  return name;
}

const StudyRow* MeasurementReader::row_of(const std::string& name, const std::string& file) const {
  for (const std::string& one : {name, file}) {
    if (const auto row = rows_.find(one); row != rows_.end()) return &study_.rows[row->second];
  }
  return nullptr;
}

Measurement MeasurementReader::start(const FrameResult& result, const std::string& name) const {
  Measurement out;
  out.file = name;
  out.clip = !result.clip.empty();
  out.scale_um_per_px = result.scale_um_per_px;
  out.scale_from = result.scale_from;
  if (scale_) {
    out.scale_um_per_px = scale_;
    out.scale_from = kScaleFromOption;
  }
  const StudyRow* about = row_of(name, file_of(result));
  if (about == nullptr) {
    out.labels = guess_study({name}).rows[0].labels;
    return out;
  }
  out.labels = about->labels;
  out.reason = about->exclude;
  out.note = about->note;
  if (about->scale_um_per_px) {
    out.scale_um_per_px = about->scale_um_per_px;
    out.scale_from = "study";
  }
  return out;
}

void MeasurementReader::add(const FrameResult& result) {
  if (result.status == Status::kDropped) return;
  files_.insert(file_of(result));
  const std::string name = name_of(result);
  const auto [found, is_new] = measurements_.try_emplace(name);
  Sums& sums = found->second;
  if (is_new) {
    sums.measurement = start(result, name);
    sums.row = row_of(name, file_of(result));
  }
  Measurement& out = sums.measurement;
  ++out.frames;
  if (result.status != Status::kOk) {
    if (sums.first_error.empty()) sums.first_error = "failed: " + result.error;
    return;
  }
  out.width = result.width;
  out.height = result.height;
  if (result.magnification) out.magnification = result.magnification;
  if (!counts(result, keep_unusable_)) {
    if (sums.first_unusable.empty()) sums.first_unusable = "not usable: " + joined(result.quality->reasons);
    return;
  }
  if (result.valid_px == 0 && result.values.empty()) {
    if (sums.first_unusable.empty()) sums.first_unusable = "not usable: no valid pixel";
    return;
  }
  add_values(sums, result);
}

void MeasurementReader::add_values(Sums& sums, const FrameResult& result) const {
  RoiPart part{static_cast<std::int64_t>(result.capillaries.size()), 0, result.valid_px};
  for (const Capillary& capillary : result.capillaries) part.area_px += capillary.area_px;
  double density = result.density;
  if (sums.row != nullptr && sums.row->roi) {
    const auto inside = part_in_roi(result, *sums.row->roi);
    const char* reason = sums.measurement.clip   ? "not usable: the roi of a clip is not applied in this version"
                         : !inside               ? "not usable: a roi of a frame that is masked in part is ambiguous"
                         : inside->valid_px == 0 ? "not usable: the roi lies outside of the frame"
                                                 : nullptr;
    if (reason != nullptr) {
      if (sums.first_unusable.empty()) sums.first_unusable = reason;
      return;
    }
    part = *inside;
    density = part.area_px / static_cast<double>(part.valid_px);
  }
  ++sums.measurement.usable_frames;
  if (part.valid_px > 0) {
    sums.valid_px += static_cast<double>(part.valid_px);
    sums.values["density"] += density;
    sums.values["count"] += static_cast<double>(part.count);
    sums.capillary_area_px += part.area_px;
    sums.capillaries += part.count;
  }
  for (const auto& [value_name, value] : result.values) sums.values[value_name] += value;
}

void MeasurementReader::add_line(std::string_view line) {
  if (!line.starts_with(kClipLine)) return;
  const json clip = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!clip.is_object()) refuse_clip("no JSON object");
  const json file = clip.value("file", json());
  if (!file.is_string()) refuse_clip("file");
  const auto renamed = names_.find(file.get<std::string>());
  const auto found = measurements_.find(renamed == names_.end() ? file.get<std::string>() : renamed->second);
  if (found == measurements_.end()) refuse_clip("no frame is part of it");
  Sums& sums = found->second;
  if (sums.has_line) return;  // inputs that were gone through again
  sums.has_line = true;
  const auto density = number_in(clip, "density");
  const auto count = number_in(clip, "count");
  const double seen_px = number_in(clip, "seen_px").value_or(0);
  if (!density || !count || !(seen_px > 0)) {
    const json reason = clip.value("reason", json());
    sums.first_unusable = "not usable: " + (reason.is_string() ? reason.get<std::string>() : "no result");
    sums.measurement.usable_frames = 0;
    return;
  }
  if (sums.measurement.usable_frames == 0) return;
  // One value for the clip, as for a frame: finish() divides by the frames.
  const auto frames = static_cast<double>(sums.measurement.usable_frames);
  sums.values["density"] = *density * frames;
  sums.values["count"] = *count * frames;
  sums.valid_px = seen_px * frames;
  sums.capillary_area_px = 0;
  sums.capillaries = 0;
  const json capillaries = clip.value("capillaries", json());
  if (!capillaries.is_array()) return;
  for (const json& capillary : capillaries) {
    if (!capillary.is_object()) refuse_clip("capillaries");
    sums.capillary_area_px += area_of(capillary.value("polygon", json()));
    ++sums.capillaries;
  }
}

std::vector<Measurement> MeasurementReader::finish() {
  std::vector<Measurement> out;
  for (auto& [name, sums] : measurements_) {
    Measurement& one = sums.measurement;
    if (one.usable_frames == 0) {
      if (one.reason.empty()) one.reason = sums.first_unusable.empty() ? sums.first_error : sums.first_unusable;
      out.push_back(std::move(one));
      continue;
    }
    const auto frames = static_cast<double>(one.usable_frames);
    for (const auto& [value_name, sum] : sums.values) one.values[value_name] = sum / frames;
    one.valid_px = static_cast<std::int64_t>(std::floor(sums.valid_px / frames + 0.5));
    if (one.scale_um_per_px && sums.valid_px > 0) {
      const double square = *one.scale_um_per_px * *one.scale_um_per_px;
      one.values["count_per_mm2"] = one.values["count"] / (sums.valid_px / frames * square / 1e6);
      if (sums.capillaries > 0) {
        one.values["capillary_area_um2"] = sums.capillary_area_px / static_cast<double>(sums.capillaries) * square;
      }
    }
    if (one.clip && !sums.has_line) {
      one.note += one.note.empty() ? "" : "; ";
      one.note += "the clip has no result yet: mean over its usable frames";
    }
    out.push_back(std::move(one));
  }
  for (const StudyRow& row : study_.rows) {
    if (files_.contains(row.file)) continue;
    Measurement one;
    one.file = row.file;
    one.labels = row.labels;
    one.reason = "not analysed";
    one.note = row.note;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace capillaryx
