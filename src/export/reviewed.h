// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "sink/output_folder.h"

namespace capillaryx {

/// Writes what one reviewer made of an output folder: labels.coco.json (a COCO dataset of the analysed frames that are
/// not excluded; ambiguous capillaries are crowds), reviewed.csv (a row per frame) and reviewed_clips.csv (a row per
/// clip that was measured), automatic and corrected side by side, with the reviewer and the hash of the last correction
/// in each row. Frames of such clips are corrected as one clip, so they are not in the labels. Returns how many
/// corrections hold. Throws Error: no such journal, a damaged one, one of other results.
std::size_t export_reviewed(const std::filesystem::path& results, const std::string& reviewer,
                            const OutputFolder& folder);

}  // namespace capillaryx
