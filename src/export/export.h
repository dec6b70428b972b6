// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "capillaryx/frame_result.h"
#include "evaluation/labels.h"
#include "sink/output_folder.h"

namespace capillaryx {

enum class ExportFormat {
  kCocoResults,  ///< one file, as pycocotools' loadRes takes it
  kGeojson,      ///< a FeatureCollection per frame, as QuPath takes it
  kImagejRoi,    ///< a ROI set per frame, a ZIP file as ImageJ's ROI manager takes it
  kLabelme,      ///< a JSON file per frame, as labelme takes it
};

/// Writes the detections of a journal, those of analysed frames, into a folder. With `labels` (kCocoResults) images
/// have the labels' ids, else index + 1 as in coco.json. Returns how many files were written. Throws Error (kInput,
/// kOutput).
std::size_t export_results(const std::filesystem::path& journal, ExportFormat format,
                           const std::optional<Labels>& labels, const OutputFolder& folder);

/// One frame's file. Coordinates are px, of pixel corners.
std::string geojson_of(const FrameResult& result);
std::string labelme_of(const FrameResult& result);
std::string imagej_roi_set_of(const FrameResult& result);

}  // namespace capillaryx
