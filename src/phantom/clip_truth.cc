// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <opencv2/core.hpp>

#include "phantom/clip_parts.h"

namespace capillaryx {
namespace phantom {

void lay_over(const Layer& layer, int x, int y, cv::Mat& picture) {
  const cv::Rect part(x, y, picture.cols, picture.rows);
  cv::multiply(picture, layer.keep(part), picture);
  picture += layer.plus(part);
}

}  // namespace phantom

namespace {

using Json = nlohmann::ordered_json;

double rounded(double value, double steps = 1000) { return std::round(value * steps) / steps; }

template <class Numbers>
Json numbers(const Numbers& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(rounded(value, 100));
  return list;
}

}  // namespace

std::string phantom_clip_truth_json(const PhantomOptions& drawing, const PhantomClipOptions& options,
                                    const std::string& file_name, const PhantomClipTruth& truth) {
  Json drawn_with = Json::object();
  visit_phantom_fields(drawing, [&](const PhantomField& field, const auto& value) { drawn_with[field.name] = value; });
  Json moved_with = Json::object();
  visit_phantom_clip_fields(options,
                            [&](const PhantomField& field, const auto& value) { moved_with[field.name] = value; });
  Json capillaries = Json::array();
  for (std::size_t i = 0; i < truth.capillaries.size(); ++i) {
    const PhantomCapillary& one = truth.capillaries[i];
    Json outline = Json::array();
    for (const auto& polygon : one.outline) outline.push_back(numbers(polygon));
    capillaries.push_back({{"bbox", numbers(one.bbox)},
                           {"area", rounded(one.area_px, 100)},
                           {"outline", std::move(outline)},
                           {"ambiguous", one.cannot_tell},
                           {"flow_px_per_frame", rounded(truth.flow_px_per_frame[i])}});
  }
  Json frames = Json::array();
  for (const PhantomClipFrame& frame : truth.frames) {
    frames.push_back({{"time_s", rounded(frame.time_s, 1e6)},
                      {"x", rounded(frame.x)},
                      {"y", rounded(frame.y)},
                      {"rotation_deg", rounded(frame.rotation * 180 / std::numbers::pi, 1e5)},
                      {"blur_px", rounded(frame.blur_px)},
                      {"brightness", rounded(frame.brightness)},
                      {"blood", rounded(frame.blood)},
                      {"bad", to_string(frame.bad)},
                      {"lost", frame.lost}});
  }
  const Json json = {
      {"description", "Synthetic clip of skin microcirculation with exact ground truth. Research use only."},
      {"file", file_name},
      {"size", {truth.width, truth.height}},
      {"tissue", {truth.tissue_width, truth.tissue_height}},
      {"options", std::move(drawn_with)},
      {"clip_options", std::move(moved_with)},
      {"capillaries", std::move(capillaries)},
      {"frames", std::move(frames)}};
  return json.dump() + "\n";
}

}  // namespace capillaryx
