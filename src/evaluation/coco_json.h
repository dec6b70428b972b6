// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluation/matching.h"

// Parts of a COCO file, each checked. All throw Error (kInput) that names the file.
namespace capillaryx::coco {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what);

nlohmann::json read_json(const std::filesystem::path& file);

/// `object[key]`, a list of objects.
const nlohmann::json& list_of(const std::filesystem::path& file, const nlohmann::json& object, const char* key);

std::int64_t id_of(const std::filesystem::path& file, const nlohmann::json& object, const char* key);

/// `object[key]`, a whole number from 0; 0 if it is absent.
int size_of(const std::filesystem::path& file, const nlohmann::json& object, const char* key);

double number(const std::filesystem::path& file, const nlohmann::json& value, const char* what);

Box box_of(const std::filesystem::path& file, const nlohmann::json& object);

/// From the segmentation (polygons, or a run-length mask, compressed or not), else the area given, else the box.
/// `width` and `height` of its image, which a mask must have too; 0: unknown.
double area_of(const std::filesystem::path& file, const nlohmann::json& object, const Box& box, int width, int height);

/// Ids of the categories that are called `category`, whatever the case of its letters; 1 if the file has no list of
/// categories. An Error that lists what there is if none is.
std::vector<std::int64_t> ids_of_category(const std::filesystem::path& file, const nlohmann::json& coco,
                                          const std::string& category);

}  // namespace capillaryx::coco

namespace capillaryx {

/// Area of a polygon x0, y0, x1, y1, ...
double polygon_area(const std::vector<double>& polygon);

}  // namespace capillaryx
