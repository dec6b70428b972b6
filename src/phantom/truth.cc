// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <nlohmann/json.hpp>

#include "phantom/phantom.h"

namespace capillaryx {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value) { return std::round(value * 100) / 100; }

template <class Numbers>
Json numbers(const Numbers& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(rounded(value));
  return list;
}

}  // namespace

std::string phantom_truth_coco(const PhantomOptions& options, const std::vector<PhantomTruth>& truths) {
  Json drawn_with = Json::object();
  visit_phantom_fields(options, [&](const PhantomField& field, const auto& value) { drawn_with[field.name] = value; });
  Json images = Json::array();
  Json annotations = Json::array();
  for (const PhantomTruth& truth : truths) {
    const auto id = images.size() + 1;
    images.push_back({{"id", id}, {"file_name", truth.file_name}, {"width", truth.width}, {"height", truth.height}});
    for (const PhantomCapillary& one : truth.capillaries) {
      Json segmentation = Json::array();
      for (const auto& polygon : one.outline) segmentation.push_back(numbers(polygon));
      Json geometry = Json::array();
      for (const auto& polygon : one.geometry) geometry.push_back(numbers(polygon));
      Json faint = Json::array();
      for (const auto& polygon : one.faint) faint.push_back(numbers(polygon));
      annotations.push_back({{"id", annotations.size() + 1},
                             {"image_id", id},
                             {"category_id", 1},
                             {"bbox", numbers(one.bbox)},
                             {"area", rounded(one.area_px)},
                             {"segmentation", std::move(segmentation)},
                             {"iscrowd", one.cannot_tell ? 1 : 0},
                             {"geometry", std::move(geometry)},
                             {"geometry_area", rounded(one.geometry_area_px)},
                             {"faint", std::move(faint)},
                             {"peak_density", std::round(one.peak_density * 1e4) / 1e4}});
    }
  }
  const Json coco = {{"info",
                      {{"description", "Synthetic skin microcirculation with exact truth. Research use only."},
                       {"options", std::move(drawn_with)}}},
                     {"categories", {{{"id", 1}, {"name", "capillary"}}, {{"id", 2}, {"name", "not_capillary"}}}},
                     {"images", std::move(images)},
                     {"annotations", std::move(annotations)}};
  return coco.dump() + "\n";
}

}  // namespace capillaryx
