// SPDX-License-Identifier: Apache-2.0
#include "export/reviewed.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "capillaryx/error.h"
#include "corrections/apply.h"
#include "corrections/journal.h"
#include "sink/clip_line.h"
#include "sink/csv_file.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

using nlohmann::json;
using Key = std::pair<std::string, std::int64_t>;  // of a file and a page (-1: none)

std::map<Key, std::vector<json>> by_item(const Corrections& corrections) {
  std::map<Key, std::vector<json>> found;
  for (const json& record : corrections.records) {
    const json page = record.value("page", json());
    found[{record.value("file_sha256", ""), page.is_null() ? -1 : page.get<std::int64_t>()}].push_back(record);
  }
  return found;
}

std::string csv_cell(std::string_view text) {
  std::string cell;
  append_text_cell(cell, text);
  return cell;
}

std::string number(const std::optional<double>& value) { return value ? fmt::format("{:.6g}", *value) : ""; }

json annotation(const ReviewedShape& shape, std::size_t id, std::int64_t image) {
  float x0 = shape.points[0], x1 = x0, y0 = shape.points[1], y1 = y0;
  json points = json::array();
  for (std::size_t i = 0; i < shape.points.size(); i += 2) {
    x0 = std::min(x0, shape.points[i]);
    x1 = std::max(x1, shape.points[i]);
    y0 = std::min(y0, shape.points[i + 1]);
    y1 = std::max(y1, shape.points[i + 1]);
    points.push_back(shape.points[i]);
    points.push_back(shape.points[i + 1]);
  }
  return {{"id", id},
          {"image_id", image},
          {"category_id", 1},
          {"bbox", {x0, y0, x1 - x0, y1 - y0}},
          {"area", shape.area_px},
          {"segmentation", {std::move(points)}},
          {"iscrowd", shape.ambiguous ? 1 : 0}};
}

}  // namespace

std::size_t export_reviewed(const std::filesystem::path& results, const std::string& reviewer,
                            const OutputFolder& folder) {
  const Corrections corrections = read_corrections(results / kCorrectionsFolder / (reviewer + ".jsonl"));
  const std::map<Key, std::vector<json>> records = by_item(corrections);
  const auto records_of = [&](const Key& key) {
    const auto found = records.find(key);
    return found == records.end() ? std::vector<json>() : found->second;
  };
  json images = json::array(), annotations = json::array();
  NewFile frames(folder, "reviewed.csv"), clips(folder, "reviewed_clips.csv");
  const std::string ends = csv_cell(corrections.reviewer) + "," + corrections.last_hash + "\r\n";
  frames.write(
      "index,source,automatic_count,corrected_count,automatic_density,corrected_density,excluded,reason,corrections,"
      "reviewer,last_hash\r\n");
  clips.write(
      "file,automatic_count,corrected_count,automatic_density,corrected_density,excluded,reason,corrections,reviewer,"
      "last_hash\r\n");
  std::size_t hold = 0;
  std::map<std::string, std::string> clip_hashes;  // of files whose frames are those of a clip
  const JournalState state = read_journal(
      results / "results.jsonl",
      [&](const FrameResult& result) {
        const Reviewed reviewed =
            apply_corrections(automatic_shapes(result), records_of({file_hash(result), result.page.value_or(-1)}));
        hold += static_cast<std::size_t>(reviewed.corrections);
        const bool ok = result.status == Status::kOk;
        const bool usable = reviewed.included || !result.quality || result.quality->usable;
        frames.write(fmt::format(
            "{},{},{},{},{},{},{},{},{},", result.index, csv_cell(result.source),
            ok ? std::to_string(result.capillaries.size()) : "",
            ok && !reviewed.excluded ? std::to_string(reviewed.count()) : "", ok ? number(result.density) : "",
            ok && !reviewed.excluded ? number(reviewed.density(result.valid_px, result.width, result.height)) : "",
            reviewed.excluded ? 1 : 0, csv_cell(reviewed.reason), reviewed.corrections));
        frames.write(ends);
        if (!result.clip.empty()) clip_hashes.emplace(result.clip, file_hash(result));
        if (!ok || !usable || reviewed.excluded || !result.clip.empty()) return;
        images.push_back(
            {{"id", result.index + 1}, {"file_name", result.file}, {"width", result.width}, {"height", result.height}});
        for (const ReviewedShape& shape : reviewed.shapes) {
          annotations.push_back(annotation(shape, annotations.size() + 1, result.index + 1));
        }
      },
      [&](std::string_view line, std::int64_t) {
        if (!line.starts_with(kClipLineStart)) return;
        const json clip = json::parse(line, nullptr, false);
        if (!clip.is_object() || clip.value("count", json()).is_null()) return;
        const std::string file = clip.value("file", "");
        const Reviewed reviewed = apply_corrections(automatic_shapes(clip), records_of({clip_hashes[file], -1}));
        hold += static_cast<std::size_t>(reviewed.corrections);
        const std::int64_t seen = clip.value("seen_px", std::int64_t{0});
        const json extent = clip.value("extent", json::array({0, 0, 0, 0}));
        clips.write(fmt::format(
            "{},{},{},{},{},{},{},{},", csv_cell(file), clip["count"].get<std::int64_t>(),
            reviewed.excluded ? "" : std::to_string(reviewed.count()),
            clip["density"].is_number() ? number(clip["density"].get<double>()) : "",
            reviewed.excluded ? "" : number(reviewed.density(seen, extent.at(2).get<int>(), extent.at(3).get<int>())),
            reviewed.excluded ? 1 : 0, csv_cell(reviewed.reason), reviewed.corrections));
        clips.write(ends);
      });
  if (state.summary.is_null() || state.summary.value("content_sha256", "") != corrections.run) {
    throw Error(ErrorKind::kInput, "the corrections of " + reviewer +
                                       " are of other results than those in this folder; review these results again");
  }
  const json dataset{{"info",
                      {{"description", "capillaries as corrected by " + corrections.reviewer},
                       {"run", corrections.run},
                       {"last_hash", corrections.last_hash},
                       {"notice", "Research use only, not for diagnosis."}}},
                     {"categories", {{{"id", 1}, {"name", "capillary"}}}},
                     {"images", std::move(images)},
                     {"annotations", std::move(annotations)}};
  NewFile labels(folder, "labels.coco.json");
  labels.write(dataset.dump(-1, ' ', false, json::error_handler_t::replace));
  labels.commit();
  frames.commit();
  clips.commit();
  return hold;
}

}  // namespace capillaryx
