// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "capillaryx/frame_result.h"
#include "evaluation/labels.h"

namespace capillaryx {

/// Adds the detections of `results` to the labels' frames, matched by their paths from the end: an output folder, its
/// results.jsonl, a COCO dataset whose annotations have scores, or a list of COCO results. Labelled frames that failed
/// or were skipped have none. Throws Error (kInput) if the results cannot be read, if a picture's size is not that of
/// its labels, or if a frame with detections has no labels or a labelled one is not in the run; with `subset` only the
/// frames in both stay. Returns how many labelled frames were left out.
std::size_t add_detections(const std::filesystem::path& results, Labels& labels, bool subset = false);

/// A name of the journal as the file system has it: %XX is a byte.
std::string unescaped(const std::string& name);

/// The name by which labels know a frame: its file, and its page if that holds several ("a.tif#3").
std::string name_of(const FrameResult& result);

}  // namespace capillaryx
