// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "clip/clip_result.h"
#include "sink/output_folder.h"

namespace capillaryx {

/// clips.csv: one row per clip; capillaries.csv: one row per capillary of a clip. As results.csv otherwise.
class ClipTables {
 public:
  ClipTables(const OutputFolder& folder, char separator);
  void add(const std::optional<ClipResult>& clip);
  void commit();

 private:
  char separator_;
  NewFile clips_, capillaries_;
};

}  // namespace capillaryx
