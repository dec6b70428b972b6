// SPDX-License-Identifier: Apache-2.0
#include "study/read_measurements.h"

#include <cmath>
#include <utility>

#include "study/roi.h"

namespace capillaryx {
namespace {

/// What a frame is measured as part of. Stills that overlap will share one name here; until then each is a field.
const std::string& measurement_name(const FrameResult& result) {
  return result.file.empty() ? result.source : result.file;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : "; ") + text;
  return all;
}

}  // namespace

std::vector<std::string> default_label_columns() { return {kLabelColumns.begin(), kLabelColumns.end()}; }

MeasurementReader::MeasurementReader(const Study& study, std::optional<double> scale_um_per_px,
                                     std::map<std::string, std::string> files)
    : study_(study), scale_(scale_um_per_px), names_(std::move(files)) {
  for (std::size_t i = 0; i < study.rows.size(); ++i) rows_.emplace(study.rows[i].file, i);
}

const std::string& MeasurementReader::name_of(const FrameResult& result) const {
  const std::string& name = measurement_name(result);
  const auto found = names_.find(name);
  return found == names_.end() ? name : found->second;
}

Measurement MeasurementReader::start(const FrameResult& result, const std::string& name) const {
  Measurement out;
  out.file = name;
  out.clip = result.page.has_value();
  const auto row = rows_.find(name);
  out.scale_um_per_px = result.scale_um_per_px;
  out.scale_from = result.scale_from;
  if (scale_) {
    out.scale_um_per_px = scale_;
    out.scale_from = kScaleFromOption;
  }
  if (row == rows_.end()) {
    out.labels = guess_study({name}).rows[0].labels;
    return out;
  }
  const StudyRow& about = study_.rows[row->second];
  out.labels = about.labels;
  out.reason = about.exclude;
  out.note = about.note;
  if (about.scale_um_per_px) {
    out.scale_um_per_px = about.scale_um_per_px;
    out.scale_from = "study";
  }
  return out;
}

void MeasurementReader::add(const FrameResult& result) {
  if (result.status == Status::kDropped) return;
  const std::string& name = name_of(result);
  auto found = files_.find(name);
  if (found == files_.end()) found = files_.emplace(name, Sums{start(result, name), 0, 0, 0, {}, {}, {}}).first;
  Sums& sums = found->second;
  Measurement& out = sums.measurement;
  ++out.frames;
  if (result.status != Status::kOk) {
    if (sums.first_error.empty()) sums.first_error = "failed: " + result.error;
    return;
  }
  out.width = result.width;
  out.height = result.height;
  if (result.magnification) out.magnification = result.magnification;
  if (result.quality && !result.quality->usable) {
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
  const auto row = rows_.find(sums.measurement.file);
  if (row != rows_.end() && study_.rows[row->second].roi) {
    const auto inside = part_in_roi(result, *study_.rows[row->second].roi);
    if (!inside || inside->valid_px == 0) {
      if (!sums.first_unusable.empty()) return;
      sums.first_unusable = inside ? "not usable: the roi lies outside of the frame"
                                   : "not usable: a roi of a frame that is masked in part cannot be told";
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

std::vector<Measurement> MeasurementReader::finish() {
  std::vector<Measurement> out;
  for (auto& [name, sums] : files_) {
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
    if (one.clip) {
      one.note += one.note.empty() ? "" : "; ";
      one.note += "mean over its usable frames";
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
