// SPDX-License-Identifier: Apache-2.0
#include "sink/report_data.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <utility>

#include "capillaryx/error.h"
#include "frontend/frontend.h"
#include "sink/json_text.h"
#include "sink/tally.h"

namespace capillaryx {
namespace {

using nlohmann::json;

constexpr const char* kData = "data";
constexpr const char* kStudyScript = "study.js";
constexpr std::int64_t kRowsOfChunk = 4096;
constexpr std::size_t kOutlineBytes = 256 << 10;
/// The page reads rows by these names.
constexpr const char* kColumns =
    R"(["source","subfolder","status","error","density","count","per_mm2","width","height","ms","overlay","scale","detail","values","picture","scale_from","time_s","clip","usable","reasons","notes"])";

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

template <class Number>
void append(std::string& text, bool known, Number value) {
  text += ',';
  if (known) {
    append_json_number(text, value);
  } else {
    text += "null";
  }
}

void append_text(std::string& text, const std::string& value) {
  text += ',';
  if (value.empty()) {
    text += "null";
  } else {
    append_json_string(text, value);
  }
}

void append_texts(std::string& text, const std::vector<std::string>& values) {
  if (values.empty()) {
    text += ",null";
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += i == 0 ? ",[" : ",";
    append_json_string(text, values[i]);
  }
  text += ']';
}

/// Whether a name in data/ is ours.
bool is_data_name(std::string_view name) {
  if (name == "index.js" || name == kStudyScript) return true;
  for (const std::string_view kind : {"rows-", "frames-", "clip-"}) {
    if (name.starts_with(kind) && name.ends_with(".js")) {
      return name.find_first_not_of("0123456789", kind.size()) == name.size() - 3;
    }
  }
  return false;
}

void remove_data(const OutputFolder& data, const std::set<std::string>& keep) {
  for (const std::string& name : data.names()) {
    if (is_temporary(name) || (is_data_name(name) && !keep.contains(name))) data.remove(name);
  }
}

}  // namespace

/// A JSON text inside a script's string is safe with its backslashes and single quotes escaped: it has no line ends.
std::string data_script(std::string_view name, std::string_view json) {
  std::string text = fmt::format("capillaryx_data(\"{}\",'", name);
  text.reserve(json.size() + json.size() / 16 + 64);
  for (const char c : json) {
    if (c == '\\' || c == '\'') text += '\\';
    text += c;
  }
  return text + "')\n";
}

void write_study_script(const OutputFolder& folder, std::string_view json) {
  if (!folder.has_folder(kReportFolder)) return;
  const OutputFolder assets = folder.subfolder(kReportFolder, false);
  if (!assets.has_folder(kData)) return;
  const OutputFolder data = assets.subfolder(kData, false);
  NewFile file(data, kStudyScript);
  file.write(data_script("study", json));
  file.commit(/*durable=*/false);
}

ReportData::ReportData(const OutputFolder& folder, const ValuePlaces& values)
    : folder_(folder),
      assets_(folder.subfolder(kReportFolder, true)),
      data_(assets_.subfolder(kData, true)),
      values_(values),
      pictures_(folder) {
  if (folder.has_folder("overlays")) overlays_ = folder.subfolder("overlays", false);
}

void ReportData::write(const std::string& name, std::string_view json) {
  const std::string file_name = name + ".js";
  NewFile file(data_, file_name);
  file.write(data_script(name, json));
  file.commit(/*durable=*/false);
  written_.insert(file_name);
}

void ReportData::flush(Chunk& chunk) {
  if (chunk.text.empty()) return;
  write(fmt::format("{}-{:05}", chunk.kind, chunk.number),
        fmt::format("{{\"first\":{},\"{}\":[{}]}}", chunk.first, chunk.kind, chunk.text));
  chunk.text.clear();
  ++chunk.number;
  chunk.first = frames_;
}

/// The name of the frame's overlay, or nothing if there is none.
std::string ReportData::overlay_of(const FrameResult& result) const {
  if (!overlays_ || result.status != Status::kOk) return "";
  const std::string stem = picture_stem(result.index, result.source);
  for (const char* suffix : {".jpg", ".png"}) {
    if (overlays_->has(stem + suffix)) return stem + suffix;
  }
  return "";
}

void ReportData::add(const FrameResult& result) {
  add_row(result);
  add_outlines(result);
  ++frames_;
  if (frames_ - rows_.first == kRowsOfChunk) flush(rows_);
  if (outlines_.text.size() >= kOutlineBytes) flush(outlines_);
}

void ReportData::add_row(const FrameResult& result) {
  const bool ok = result.status == Status::kOk;
  const auto [subfolder, is_new] = subfolder_places_.emplace(subfolder_of(result), subfolders_.size());
  if (is_new) subfolders_.push_back(subfolder->first);
  const auto per_mm2 = count_per_mm2(result);
  const bool has_density = ok && result.valid_px > 0;

  std::string& text = rows_.text;
  text += text.empty() ? "[" : ",[";
  append_json_string(text, result.source);
  append(text, true, static_cast<std::int64_t>(subfolder->second));
  append(text, true, static_cast<std::int64_t>(result.status));
  append_text(text, result.error);
  append(text, has_density, result.density);
  append(text, has_density, static_cast<std::int64_t>(result.capillaries.size()));
  append(text, ok && per_mm2, per_mm2.value_or(0));
  append(text, result.width > 0, std::int64_t{result.width});
  append(text, result.height > 0, std::int64_t{result.height});
  append(text, ok, result.timing.total_ms);
  append_text(text, overlay_of(result));
  append(text, result.scale_um_per_px.has_value(), result.scale_um_per_px.value_or(0));
  append(text, true, outlines_.number);
  append_values(text, result.values);
  append_text(text, pictures_.find(result));
  append_text(text, result.scale_from);
  append(text, result.time_s.has_value(), result.time_s.value_or(0));
  if (result.clip.empty()) {
    text += ",null";
  } else {
    const Clip clip{static_cast<std::int64_t>(clips_.size()), result.index, subfolder->second};
    append(text, true, clips_.emplace(result.clip, clip).first->second.number);
  }
  text += !result.quality ? ",null" : result.quality->usable ? ",true" : ",false";
  append_texts(text, result.quality ? result.quality->reasons : std::vector<std::string>());
  append_texts(text, result.notes);
  text += ']';
}

/// Values by their places, or null if there are none.
void ReportData::append_values(std::string& text, const std::map<std::string, double>& of) const {
  if (of.empty()) {
    text += ",null";
    return;
  }
  std::vector<std::string> values(values_.size(), "null");
  for (const auto& [name, value] : of) {
    std::string& place = values[values_.at(name)];
    place.clear();
    append_json_number(place, value);
  }
  text += fmt::format(",[{}]", fmt::join(values, ","));
}

/// Of each capillary its score, area and outline: eighths of a pixel, each point as the way from the point before it.
void ReportData::add_outlines(const FrameResult& result) {
  std::string& text = outlines_.text;
  text += text.empty() ? "[" : ",[";
  bool first = true;
  for (const Capillary& capillary : result.capillaries) {
    text += first ? "[" : ",[";
    first = false;
    fmt::format_to(std::back_inserter(text), "{:.3g},{},[", capillary.score, capillary.area_px);
    std::int64_t before[2] = {0, 0};
    for (std::size_t i = 0; i < capillary.polygon.size(); ++i) {
      const std::int64_t eighths = std::llround(8.0 * static_cast<double>(capillary.polygon[i]));
      if (i > 0) text += ',';
      append_json_number(text, eighths - before[i % 2]);
      before[i % 2] = eighths;
    }
    text += "]]";
  }
  text += ']';
}

void ReportData::add_clip(std::string_view line) {
  json clip = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!clip.is_object() || !clip.value("file", json()).is_string()) {
    throw Error(ErrorKind::kInput, "results.jsonl has a damaged clip line");
  }
  const std::string file = clip["file"];
  const auto found = clips_.find(file);
  if (found == clips_.end()) throw Error(ErrorKind::kInput, "results.jsonl has a clip without frames: " + file);
  const Clip& about = found->second;
  write(fmt::format("clip-{:05}", about.number), dump(clip));
  for (const char* large : {"type", "motion", "capillaries"}) clip.erase(large);
  const std::string mosaic = pictures_.find_mosaic(about.first_frame, file);
  clip["mosaic"] = mosaic.empty() ? json() : json(mosaic);
  clip["subfolder"] = about.subfolder;
  clip["number"] = about.number;
  clip_facts_.push_back(std::move(clip));
}

void ReportData::commit(const json& run, const json& summary) {
  flush(rows_);
  flush(outlines_);
  std::map<std::string, json> summaries;
  if (const json list = summary.value("subfolders", json()); list.is_array()) {
    for (const json& each : list) {
      if (each.is_object() && each.value("name", json()).is_string()) summaries[each["name"]] = each;
    }
  }
  json subfolders = json::array();
  for (const std::string& name : subfolders_) subfolders.push_back(summaries[name]);
  json value_names = json::array();
  for (std::size_t place = 0; place < values_.size(); ++place) value_names.push_back("");
  for (const auto& [name, place] : values_) value_names[place] = name;
  json short_summary = summary;
  short_summary.erase("subfolders");
  write("index", fmt::format("{{\"run\":{},\"summary\":{},\"subfolders\":{},\"value_names\":{},\"columns\":{},"
                             "\"frames\":{},\"row_chunks\":{},\"clips\":{}}}",
                             dump(run), dump(short_summary), dump(subfolders), dump(value_names), kColumns, frames_,
                             rows_.number, dump(clip_facts_)));
  remove_data(data_, written_);
  for (const FrontendFile& asset : frontend_files()) {
    NewFile file(assets_, std::string(asset.name));
    file.write(asset.content);
    file.commit(/*durable=*/false);
  }
  NewFile page(folder_, std::string(report_page().name));
  page.write(report_page().content);
  page.commit();
}

void remove_report(const OutputFolder& folder) {
  if (!folder.has_folder(kReportFolder)) return;
  const OutputFolder assets = folder.subfolder(kReportFolder, false);
  if (assets.has_folder(kData)) {
    remove_data(assets.subfolder(kData, false), {});
    assets.remove_folder(kData);
  }
  for (const FrontendFile& asset : frontend_files()) {
    assets.remove(std::string(asset.name));
    assets.remove(temporary_name(std::string(asset.name)));
  }
  folder.remove_folder(kReportFolder);
}

}  // namespace capillaryx
