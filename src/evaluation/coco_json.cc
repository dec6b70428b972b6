// SPDX-License-Identifier: Apache-2.0
#include "evaluation/coco_json.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fstream>
#include <map>

#include "capillaryx/error.h"
#include "sink/json_text.h"

namespace capillaryx {

double polygon_area(const std::vector<double>& polygon) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < polygon.size(); i += 2) {
    const std::size_t next = (i + 2) % polygon.size();
    sum += polygon[i] * polygon[next + 1] - polygon[next] * polygon[i + 1];
  }
  return std::abs(sum) / 2;
}

namespace coco {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// The counts of a compressed mask, as pycocotools writes them: 5 bits a character, the difference from the count
/// before the last one.
std::vector<std::int64_t> uncompressed(const fs::path& file, const std::string& text) {
  std::vector<std::int64_t> counts;
  for (std::size_t at = 0; at < text.size();) {
    std::int64_t value = 0;
    bool more = true;
    for (int shift = 0; more; shift += 5) {
      const int bits = at < text.size() ? text[at++] - 48 : -1;
      if (bits < 0 || bits > 63 || shift > 40) refuse(file, "a mask's counts are damaged");
      value |= std::int64_t{bits & 0x1f} << shift;
      more = (bits & 0x20) != 0;
      if (!more && (bits & 0x10) != 0) value -= std::int64_t{1} << (shift + 5);
    }
    if (counts.size() > 2) value += counts[counts.size() - 2];
    counts.push_back(value);
  }
  return counts;
}

/// Pixels of a run-length mask.
double mask_area(const fs::path& file, const json& mask, int width, int height) {
  const json size = mask.value("size", json());
  const json counts = mask.value("counts", json());
  if (!size.is_array() || size.size() != 2 || !(counts.is_array() || counts.is_string())) {
    refuse(file, "a segmentation is neither a list of polygons nor a mask of size and counts");
  }
  const double rows = number(file, size[0], "a mask's size"), columns = number(file, size[1], "a mask's size");
  if (width > 0 && height > 0 && (rows != height || columns != width)) {
    refuse(file, "a mask of " + size[1].dump() + " x " + size[0].dump() + " px lies on an image of " +
                     std::to_string(width) + " x " + std::to_string(height) + " px");
  }
  std::vector<std::int64_t> runs;
  if (counts.is_string()) {
    runs = uncompressed(file, counts.get<std::string>());
  } else {
    for (const json& count : counts) {
      if (!count.is_number_integer()) refuse(file, "a mask's counts are not whole numbers");
      runs.push_back(count.get<std::int64_t>());
    }
  }
  double all = 0;
  double inside = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i] < 0) refuse(file, "a mask's counts are damaged");
    all += static_cast<double>(runs[i]);
    if (i % 2 == 1) inside += static_cast<double>(runs[i]);
  }
  if (all != rows * columns) refuse(file, "a mask's counts do not add up to its size");
  return inside;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c < 0x80 ? std::tolower(c) : c); });
  return text;
}

/// "vessel (12 labels), skin (3 labels)".
std::string listed_categories(const json& coco) {
  std::map<std::int64_t, std::int64_t> labels;
  if (const auto annotations = coco.find("annotations"); annotations != coco.end() && annotations->is_array()) {
    for (const json& annotation : *annotations) {
      const json id = annotation.is_object() ? annotation.value("category_id", json()) : json();
      if (id.is_number_integer()) ++labels[id.get<std::int64_t>()];
    }
  }
  std::string text;
  for (const json& category : coco.at("categories")) {
    const std::int64_t id = category.at("id").get<std::int64_t>();
    text += (text.empty() ? "" : ", ") + clean_utf8(category.at("name").get<std::string>()) + " (" +
            std::to_string(labels[id]) + " labels)";
  }
  return text;
}

}  // namespace

void refuse(const fs::path& file, const std::string& what) {
  throw Error(ErrorKind::kInput, file.string() + ": " + what);
}

json read_json(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) refuse(file, "there is no such file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) refuse(file, "cannot be opened");
  json value = json::parse(stream, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) refuse(file, "is not JSON, or is truncated");
  return value;
}

const json& list_of(const fs::path& file, const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) {
    refuse(file, std::string("no list of ") + key + ": is it a COCO file?");
  }
  for (const json& each : *found) {
    if (!each.is_object()) refuse(file, std::string("an entry of ") + key + " is not an object");
  }
  return *found;
}

std::int64_t id_of(const fs::path& file, const json& object, const char* key) {
  const json id = object.value(key, json());
  if (!id.is_number_integer()) refuse(file, std::string(key) + " is not a whole number");
  return id.get<std::int64_t>();
}

int size_of(const fs::path& file, const json& object, const char* key) {
  const json size = object.value(key, json());
  if (size.is_null()) return 0;
  constexpr double kMost = 1 << 30;
  const double value = number(file, size, key);
  if (value < 0 || value > kMost || value != std::floor(value)) {
    refuse(file, std::string(key) + " is not a whole number of pixels");
  }
  return static_cast<int>(value);
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

double area_of(const fs::path& file, const json& object, const Box& box, int width, int height) {
  const json segmentation = object.value("segmentation", json());
  if (segmentation.is_object() && !segmentation.empty()) return mask_area(file, segmentation, width, height);
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

std::vector<std::int64_t> ids_of_category(const fs::path& file, const json& coco, const std::string& category) {
  const auto listed = coco.find("categories");
  if (listed == coco.end() || (listed->is_array() && listed->empty())) return {1};
  std::vector<std::int64_t> ids;
  for (const json& each : list_of(file, coco, "categories")) {
    if (!each.value("name", json()).is_string()) refuse(file, "a category has no name");
    const std::int64_t id = id_of(file, each, "id");
    if (lower_case(each.at("name").get<std::string>()) == lower_case(category)) ids.push_back(id);
  }
  if (ids.empty()) {
    refuse(file, "has no category '" + clean_utf8(category) + "'; it has " + listed_categories(coco) +
                     ". Name the one that is meant by --category NAME");
  }
  return ids;
}

}  // namespace coco
}  // namespace capillaryx
