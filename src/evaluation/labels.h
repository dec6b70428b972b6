// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "evaluation/evaluation.h"

namespace capillaryx {

inline constexpr const char* kCapillaryCategory = "capillary";

/// Ground truth.
struct Labels {
  std::filesystem::path file;
  std::string category;                    ///< what is a capillary in it
  std::vector<std::int64_t> category_ids;  ///< its numbers in the file
  std::vector<LabelledFrame> frames;       ///< in the order of their ids
};

/// COCO ground truth as labelling tools write it: annotations of `category` are capillaries, those with iscrowd
/// ambiguous regions; others are ignored. Throws Error (kInput), which lists what there is if the categories do not fit
/// or every label is iscrowd.
Labels read_labels(const std::filesystem::path& file, const std::string& category = kCapillaryCategory);

/// The frames' names, in their order.
std::vector<std::string> names_of(const Labels& labels);

/// Throws Error (kInput) if the labels give a picture another size than it has (turned, or resized). Unknown sizes (0)
/// fit any.
void check_size(const Labels& labels, const LabelledFrame& frame, int width, int height);

}  // namespace capillaryx
