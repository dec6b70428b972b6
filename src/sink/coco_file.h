// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "capillaryx/frame_result.h"
#include "sink/output_folder.h"

namespace capillaryx {

/// coco.json: a COCO dataset of the analysed frames and their accepted capillaries, each with its `score`. Ids are from
/// 1: an image's is its frame's index + 1. Holds nothing of a frame. Throws Error (kOutput).
class CocoFile {
 public:
  explicit CocoFile(const OutputFolder& folder);
  ~CocoFile();
  CocoFile(const CocoFile&) = delete;
  CocoFile& operator=(const CocoFile&) = delete;

  void add(const FrameResult& result);
  void commit();

 private:
  void write_image(std::string_view text);
  void flush_images();

  const OutputFolder& folder_;
  NewFile file_;
  // The list of images comes after that of annotations: until then it stands in its own file.
  std::shared_ptr<const OpenFile> images_;
  std::string image_buffer_;
  std::int64_t image_bytes_ = 0;
  std::int64_t annotations_ = 0;
};

}  // namespace capillaryx
