// SPDX-License-Identifier: Apache-2.0
#include "evaluation/coco_reader.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "capillaryx/error.h"
#include "sink/results_reader.h"

namespace capillaryx {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

[[noreturn]] void refuse(const fs::path& file, const std::string& what) {
  throw Error(ErrorKind::kInput, file.string() + ": " + what);
}

json read_json(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) refuse(file, "there is no such file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) refuse(file, "cannot be opened");
  json value = json::parse(stream, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) refuse(file, "is not JSON, or is cut short");
  return value;
}

double number(const fs::path& file, const json& value, const char* what) {
  if (!value.is_number() || !std::isfinite(value.get<double>())) refuse(file, std::string(what) + " is not a number");
  return value.get<double>();
}

Box box_of(const fs::path& file, const json& object) {
  const json bbox = object.value("bbox", json());
  if (!bbox.is_array() || bbox.size() != 4) refuse(file, "a bbox is not four numbers");
  const Box box{number(file, bbox[0], "bbox"), number(file, bbox[1], "bbox"), number(file, bbox[2], "bbox"),
                number(file, bbox[3], "bbox")};
  if (box.width < 0 || box.height < 0) refuse(file, "a bbox has a negative size");
  return box;
}

/// From the segmentation, else the area given, else the box.
double area_of(const fs::path& file, const json& object, const Box& box) {
  const json segmentation = object.value("segmentation", json());
  if (segmentation.is_array() && !segmentation.empty()) {
    double area = 0;
    for (const json& part : segmentation) {
      if (!part.is_array() || part.size() % 2 != 0) refuse(file, "a segmentation is not a list of polygons");
      std::vector<double> polygon;
      for (const json& value : part) polygon.push_back(number(file, value, "segmentation"));
      area += polygon_area(polygon);
    }
    return area;
  }
  const json area = object.value("area", json());
  const double given = area.is_null() ? 0 : number(file, area, "area");
  return given != 0 ? given : box.width * box.height;
}

std::int64_t id_of(const fs::path& file, const json& object, const char* key) {
  const json id = object.value(key, json());
  if (!id.is_number_integer()) refuse(file, std::string(key) + " is not a whole number");
  return id.get<std::int64_t>();
}

/// Frames by stem, as detections name them.
std::map<std::string, std::size_t> stems(const std::vector<LabelledFrame>& frames) {
  std::map<std::string, std::size_t> by_stem;
  for (std::size_t i = 0; i < frames.size(); ++i) by_stem[file_stem(frames[i].name)] = i;
  return by_stem;
}

std::map<std::int64_t, std::size_t> ids(const std::vector<LabelledFrame>& frames) {
  std::map<std::int64_t, std::size_t> by_id;
  for (std::size_t i = 0; i < frames.size(); ++i) by_id[frames[i].id] = i;
  return by_id;
}

void add_journal(const fs::path& file, std::vector<LabelledFrame>& frames) {
  const auto by_stem = stems(frames);
  std::set<std::string> seen;
  const JournalState journal = read_journal(file, [&](const FrameResult& result) {
    const std::string stem = file_stem(result.source);
    const auto found = by_stem.find(stem);
    if (found == by_stem.end()) {
      if (result.capillaries.empty()) return;
      refuse(file, "the labels have no frame '" + stem + "'; evaluate a run over the labelled frames only");
    }
    if (!seen.insert(stem).second)
      refuse(file, "two frames are called '" + stem + "'; the labels cannot tell them apart");
    for (const Capillary& capillary : result.capillaries) {
      const std::vector<double> polygon(capillary.polygon.begin(), capillary.polygon.end());
      const auto& box = capillary.bbox;
      frames[found->second].detections.push_back(
          {{double(box[0]), double(box[1]), double(box[2]), double(box[3])}, capillary.score, polygon_area(polygon)});
    }
  });
  if (journal.run.is_null()) refuse(file, "holds no results");
}

void add_coco(const fs::path& file, std::vector<LabelledFrame>& frames) {
  const auto by_stem = stems(frames);
  const auto by_id = ids(frames);
  const json list = read_json(file);
  if (!list.is_array()) refuse(file, "is no list of detections (COCO results)");
  for (const json& object : list) {
    if (!object.is_object()) refuse(file, "a detection is not an object");
    const json category = object.value("category_id", json(1));
    if (!category.is_number()) refuse(file, "category_id is not a number");
    if (category != 1) continue;
    const json name = object.value("file_name", json());
    std::optional<std::size_t> frame;
    if (name.is_string() && !name.get<std::string>().empty()) {
      const auto found = by_stem.find(file_stem(name.get<std::string>()));
      if (found != by_stem.end()) frame = found->second;
    } else {
      const auto found = by_id.find(id_of(file, object, "image_id"));
      if (found != by_id.end()) frame = found->second;
    }
    if (!frame) {
      refuse(file, "a detection belongs to a frame that the labels do not have: " +
                       (name.is_string() ? name : object.value("image_id", json())).dump());
    }
    const Box box = box_of(file, object);
    const json score = object.value("score", json(1.0));
    frames[*frame].detections.push_back({box, number(file, score, "score"), area_of(file, object, box)});
  }
}

const json& list_of(const fs::path& file, const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array())
    refuse(file, std::string("no list of ") + key + ": is it COCO labels?");
  for (const json& each : *found) {
    if (!each.is_object()) refuse(file, std::string("an entry of ") + key + " is not an object");
  }
  return *found;
}

/// Whether a file starts as a list does.
bool starts_a_list(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  char first = 0;
  return static_cast<bool>(stream >> first) && first == '[';
}

}  // namespace

std::vector<LabelledFrame> read_labels(const fs::path& file) {
  const json coco = read_json(file);
  if (!coco.is_object()) refuse(file, "no list of images: is it COCO labels?");
  std::vector<LabelledFrame> frames;
  for (const json& image : list_of(file, coco, "images")) {
    const json name = image.value("file_name", json());
    if (!name.is_string()) refuse(file, "an image has no file_name");
    LabelledFrame& frame = frames.emplace_back();
    frame.id = id_of(file, image, "id");
    frame.name = name.get<std::string>();
  }
  std::stable_sort(frames.begin(), frames.end(),
                   [](const LabelledFrame& a, const LabelledFrame& b) { return a.id < b.id; });
  const auto by_id = ids(frames);
  if (by_id.size() != frames.size()) refuse(file, "two images have one id");
  if (stems(frames).size() != frames.size()) refuse(file, "two images have one file name");
  for (const json& annotation : list_of(file, coco, "annotations")) {
    if (id_of(file, annotation, "category_id") != 1) continue;
    const auto found = by_id.find(id_of(file, annotation, "image_id"));
    if (found == by_id.end()) refuse(file, "an annotation belongs to no image");
    const Box box = box_of(file, annotation);
    const json crowd = annotation.value("iscrowd", json(0));
    if (crowd == 0 || crowd == false || crowd.is_null()) {
      frames[found->second].capillaries.push_back({box, area_of(file, annotation, box)});
    } else {
      frames[found->second].cannot_tell.push_back(box);
    }
  }
  return frames;
}

void add_detections(const fs::path& results, std::vector<LabelledFrame>& frames) {
  std::error_code error;
  if (!fs::is_directory(results, error)) {
    return starts_a_list(results) ? add_coco(results, frames) : add_journal(results, frames);
  }
  if (fs::exists(results / "results.jsonl", error)) return add_journal(results / "results.jsonl", frames);
  if (fs::exists(results / "coco.json", error)) return add_coco(results / "coco.json", frames);
  refuse(results, "holds neither results.jsonl nor coco.json");
}

std::string file_stem(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  const std::size_t first = name.find_first_not_of('.');
  return dot == std::string::npos || first == std::string::npos || dot < first ? name : name.substr(0, dot);
}

double polygon_area(const std::vector<double>& polygon) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < polygon.size(); i += 2) {
    const std::size_t next = (i + 2) % polygon.size();
    sum += polygon[i] * polygon[next + 1] - polygon[next] * polygon[i + 1];
  }
  return std::abs(sum) / 2;
}

}  // namespace capillaryx
