// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "evaluation/evaluation.h"

namespace capillaryx {

/// COCO ground truth: category 1 is a capillary (iscrowd 1: cannot tell), every other category is passed over. Frames
/// in the order of their ids. Throws Error (kInput).
std::vector<LabelledFrame> read_labels(const std::filesystem::path& file);

/// Adds the detections of `results` to `frames`, matched by file stem: an output folder, its results.jsonl, or COCO
/// results (a coco.json of ours or of another program). Throws Error (kInput) where it cannot be read, where a
/// detection belongs to a frame without labels, or where two frames have one stem.
void add_detections(const std::filesystem::path& results, std::vector<LabelledFrame>& frames);

/// The last part of a path without its suffix ("a/f01.png" -> "f01"; ".x" -> ".x").
std::string file_stem(const std::string& path);

/// Area of a polygon x0, y0, x1, y1, ...
double polygon_area(const std::vector<double>& polygon);

}  // namespace capillaryx
