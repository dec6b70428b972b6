// SPDX-License-Identifier: Apache-2.0
#include "evaluation/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "evaluation/coco_json.h"
#include "evaluation/frame_names.h"
#include "sink/json_text.h"

namespace capillaryx {
namespace {

using nlohmann::json;

std::vector<LabelledFrame> read_frames(const std::filesystem::path& file, const json& coco) {
  std::vector<LabelledFrame> frames;
  for (const json& image : coco::list_of(file, coco, "images")) {
    const json name = image.value("file_name", json());
    if (!name.is_string()) coco::refuse(file, "an image has no file_name");
    LabelledFrame& frame = frames.emplace_back();
    frame.id = coco::id_of(file, image, "id");
    frame.name = name.get<std::string>();
    frame.width = coco::size_of(file, image, "width");
    frame.height = coco::size_of(file, image, "height");
  }
  std::stable_sort(frames.begin(), frames.end(),
                   [](const LabelledFrame& a, const LabelledFrame& b) { return a.id < b.id; });
  return frames;
}

bool is_crowd(const json& annotation) {
  const json crowd = annotation.value("iscrowd", json(0));
  return !(crowd == 0 || crowd == false || crowd.is_null());
}

}  // namespace

Labels read_labels(const std::filesystem::path& file, const std::string& category) {
  const json coco = coco::read_json(file);
  if (!coco.is_object()) coco::refuse(file, "no list of images: is it a COCO file?");
  Labels labels{file, category, {}, read_frames(file, coco)};
  std::vector<LabelledFrame>& frames = labels.frames;
  std::map<std::int64_t, LabelledFrame*> by_id;
  for (LabelledFrame& frame : frames) by_id[frame.id] = &frame;
  if (by_id.size() != frames.size()) coco::refuse(file, "two images have one id");
  if (FrameNames(names_of(labels)).has_duplicates()) coco::refuse(file, "two images have one file name");
  const json& annotations = coco::list_of(file, coco, "annotations");
  labels.category_ids = coco::ids_of_category(file, coco, category);
  std::size_t capillaries = 0;
  std::size_t ambiguous = 0;
  for (const json& annotation : annotations) {
    const auto& ids = labels.category_ids;
    if (std::find(ids.begin(), ids.end(), coco::id_of(file, annotation, "category_id")) == ids.end()) continue;
    const auto found = by_id.find(coco::id_of(file, annotation, "image_id"));
    if (found == by_id.end()) coco::refuse(file, "an annotation belongs to no image");
    LabelledFrame& frame = *found->second;
    const Box box = coco::box_of(file, annotation);
    const double area_px = coco::area_of(file, annotation, box, frame.width, frame.height);
    if (is_crowd(annotation)) {
      frame.ambiguous.push_back(box);
      ++ambiguous;
    } else {
      frame.capillaries.push_back({box, area_px});
      ++capillaries;
    }
  }
  if (ambiguous > 0 && capillaries == 0) {
    coco::refuse(file,
                 fmt::format("all {} labels of '{}' are iscrowd, that is ambiguous: nothing can be found or missed. "
                             "Some tools mark every mask so; set iscrowd to 0 in those that are capillaries",
                             ambiguous, clean_utf8(category)));
  }
  return labels;
}

std::vector<std::string> names_of(const Labels& labels) {
  std::vector<std::string> names;
  for (const LabelledFrame& frame : labels.frames) names.push_back(frame.name);
  return names;
}

void check_size(const Labels& labels, const LabelledFrame& frame, int width, int height) {
  const bool unknown = frame.width <= 0 || frame.height <= 0 || width <= 0 || height <= 0;
  if (unknown || (frame.width == width && frame.height == height)) return;
  const bool turned = frame.width == height && frame.height == width;
  coco::refuse(labels.file,
               fmt::format("{} is {} x {} px in the labels and {} x {} px as analysed: {}", clean_utf8(frame.name),
                           frame.width, frame.height, width, height,
                           turned ? "it was turned. Label the pictures as they are analysed (their EXIF orientation "
                                    "applied), or save them without an orientation"
                                  : "it was resized. Label and analyse the same pictures"));
}

}  // namespace capillaryx
