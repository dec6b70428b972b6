// SPDX-License-Identifier: Apache-2.0
#include "corrections/apply.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "frame/polygon_rows.h"

namespace capillaryx {
namespace {

using nlohmann::json;

constexpr double kMostSide = 2e5;  // px: what is larger holds no capillary

std::vector<float> points_of(const json& points) {
  std::vector<float> found;
  for (const json& each : points) found.push_back(each.get<float>());
  return found;
}

template <class Each>
void visit_rows(const std::vector<float>& points, const Each& each) {
  const auto corner = [&](std::size_t i) {
    return std::pair(static_cast<double>(points[2 * i]), static_cast<double>(points[2 * i + 1]));
  };
  for (std::size_t i = 0; i < points.size() / 2; ++i) {
    if (!(std::abs(corner(i).second) < kMostSide)) return;
  }
  visit_polygon_rows(points.size() / 2, corner, each);
}

std::pair<double, double> middle_of(const std::vector<float>& points) {
  float x0 = points[0], x1 = points[0], y0 = points[1], y1 = points[1];
  for (std::size_t i = 0; i < points.size(); i += 2) {
    x0 = std::min(x0, points[i]);
    x1 = std::max(x1, points[i]);
    y0 = std::min(y0, points[i + 1]);
    y1 = std::max(y1, points[i + 1]);
  }
  return {(static_cast<double>(x0) + static_cast<double>(x1)) / 2,
          (static_cast<double>(y0) + static_cast<double>(y1)) / 2};
}

bool is_inside(const std::vector<float>& points, double x, double y) {
  bool inside = false;
  for (std::size_t i = 0; i < points.size(); i += 2) {
    const std::size_t k = (i + 2) % points.size();
    const double y0 = static_cast<double>(points[i + 1]), y1 = static_cast<double>(points[k + 1]);
    if ((y0 <= y) == (y1 <= y)) continue;
    const double x0 = static_cast<double>(points[i]), x1 = static_cast<double>(points[k]);
    if (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)) inside = !inside;
  }
  return inside;
}

bool counts(const Reviewed& reviewed, const ReviewedShape& shape) {
  if (shape.ambiguous) return false;
  const auto [x, y] = middle_of(shape.points);
  return std::none_of(reviewed.excluded_areas.begin(), reviewed.excluded_areas.end(),
                      [x = x, y = y](const std::vector<float>& area) { return is_inside(area, x, y); });
}

}  // namespace

std::int64_t pixels_inside(const std::vector<float>& points) {
  std::int64_t sum = 0;
  visit_rows(points, [&](std::int64_t, std::int64_t first, std::int64_t end) { sum += end - first; });
  return sum;
}

std::vector<ReviewedShape> automatic_shapes(const FrameResult& result) {
  std::vector<ReviewedShape> shapes;
  for (const Capillary& each : result.capillaries) {
    shapes.push_back(
        {static_cast<std::int64_t>(shapes.size()) + 1, each.polygon, each.area_px, each.score, false, false});
  }
  return shapes;
}

std::vector<ReviewedShape> automatic_shapes(const json& clip_line) {
  std::vector<ReviewedShape> shapes;
  for (const json& each : clip_line.value("capillaries", json::array())) {
    try {
      ReviewedShape shape{each.at("id").get<std::int64_t>(),
                          each.at("polygon").get<std::vector<float>>(),
                          0,
                          each.at("score").get<double>(),
                          false,
                          false};
      if (shape.points.size() < 6) continue;
      shape.area_px = pixels_inside(shape.points);
      shapes.push_back(std::move(shape));
    } catch (const json::exception&) {  // no capillary
    }
  }
  return shapes;
}

std::string file_hash(const FrameResult& result) {
  return result.sha256.empty() && result.input ? result.input->sha256 : result.sha256;
}

std::int64_t Reviewed::count() const {
  return std::count_if(shapes.begin(), shapes.end(), [this](const ReviewedShape& each) { return counts(*this, each); });
}

std::optional<double> Reviewed::density(std::int64_t valid_px, int width, int height) const {
  std::int64_t covered = 0;
  for (const ReviewedShape& shape : shapes) {
    if (counts(*this, shape)) covered += shape.area_px;
  }
  std::map<std::int64_t, std::vector<std::pair<std::int64_t, std::int64_t>>> rows;  // areas may overlap
  for (const std::vector<float>& area : excluded_areas) {
    visit_rows(area, [&](std::int64_t y, std::int64_t first, std::int64_t end) {
      if (y < 0 || y >= height) return;
      first = std::max<std::int64_t>(first, 0);
      end = std::min<std::int64_t>(end, width);
      if (end > first) rows[y].emplace_back(first, end);
    });
  }
  std::int64_t left_out = 0;
  for (auto& [y, spans] : rows) {
    std::sort(spans.begin(), spans.end());
    std::int64_t reached = 0;
    for (const auto& [first, end] : spans) {
      left_out += std::max<std::int64_t>(0, end - std::max(first, reached));
      reached = std::max(reached, end);
    }
  }
  if (valid_px - left_out <= 0) return std::nullopt;
  return std::min(1.0, static_cast<double>(covered) / static_cast<double>(valid_px - left_out));
}

Reviewed apply_corrections(std::vector<ReviewedShape> automatic, const std::vector<json>& records) {
  std::set<std::int64_t> undone;
  for (const json& record : records) {
    const std::string what = record["what"].get<std::string>();
    if (what == "undo") undone.insert(record["new"]["of"].get<std::int64_t>());
    if (what == "redo") undone.erase(record["new"]["of"].get<std::int64_t>());
  }
  for (const json& record : records) {  // an inclusion may take back one exclusion
    const json old = record.value("old", json::object());
    if (record["what"] != "include" || undone.count(record["seq"].get<std::int64_t>()) > 0) continue;
    if (old.contains("exclude") && old["exclude"].is_number_integer())
      undone.insert(old["exclude"].get<std::int64_t>());
  }
  std::map<std::int64_t, ReviewedShape> shapes;
  for (ReviewedShape& shape : automatic) {
    const std::int64_t id = shape.id;
    shapes.emplace(id, std::move(shape));
  }
  Reviewed reviewed;
  for (const json& record : records) {
    const std::string what = record["what"].get<std::string>();
    if (what == "undo" || what == "redo" || undone.count(record["seq"].get<std::int64_t>()) > 0) continue;
    ++reviewed.corrections;
    const json ids = record.value("ids", json::array());
    const json fresh = record.value("new", json::object());
    if (what == "ambiguous") {
      for (const json& id : ids) {
        const auto found = shapes.find(id.get<std::int64_t>());
        if (found != shapes.end()) found->second.ambiguous = fresh.value("ambiguous", json(true)) == true;
      }
    } else if (what == "exclude" || what == "include") {
      if (fresh.contains("area")) {
        if (what == "exclude") reviewed.excluded_areas.push_back(points_of(fresh["area"]));
        continue;
      }
      reviewed.excluded = what == "exclude";
      reviewed.included = what == "include";
      const json reason = fresh.value("reason", json());
      reviewed.reason = reason.is_string() ? reason.get<std::string>() : std::string();
    } else if (what != "note") {         // remove, add, edit, split, merge: some go, some come
      std::set<std::int64_t> ambiguous;  // an edited one stays so
      for (const json& id : ids) {
        const auto found = shapes.find(id.get<std::int64_t>());
        if (found == shapes.end()) continue;
        if (what == "edit" && found->second.ambiguous) ambiguous.insert(found->first);
        shapes.erase(found);
      }
      for (const json& shape : fresh.value("shapes", json::array())) {
        ReviewedShape made;
        made.id = shape[0].get<std::int64_t>();
        made.points = points_of(shape[1]);
        made.area_px = pixels_inside(made.points);
        made.score = 1;
        made.by_person = true;
        made.ambiguous = ambiguous.count(made.id) > 0;
        shapes.insert_or_assign(made.id, std::move(made));
      }
    }
  }
  for (auto& [id, shape] : shapes) reviewed.shapes.push_back(std::move(shape));
  return reviewed;
}

}  // namespace capillaryx
