// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "capillaryx/frame_result.h"

namespace capillaryx {

/// A capillary of a frame or clip as it is reviewed.
struct ReviewedShape {
  std::int64_t id = 0;        ///< from 1 in the order of the result; larger ones are a person's
  std::vector<float> points;  ///< x0, y0, x1, y1, ..., px
  std::int64_t area_px = 0;
  double score = 0;        ///< of a person's: 1
  bool ambiguous = false;  ///< not counted, not in the density
  bool by_person = false;  ///< its outline was drawn or changed
};

/// A frame or clip after the corrections of one reviewer.
struct Reviewed {
  std::vector<ReviewedShape> shapes;  ///< that are left, by id; those in an excluded area too
  bool excluded = false;              ///< the whole frame or clip
  bool included = false;              ///< a person overrules the program's verdict that it is not usable
  std::string reason;                 ///< of the last of these
  std::vector<std::vector<float>> excluded_areas;
  std::int64_t corrections = 0;  ///< records that hold

  /// Capillaries that are not ambiguous and whose box has its middle in no excluded area.
  std::int64_t count() const;
  /// Their pixels over the valid pixels without those in excluded areas; absent without valid pixels. `width`,
  /// `height`: of the frame, px.
  std::optional<double> density(std::int64_t valid_px, int width, int height) const;
};

/// The capillaries of a frame as a review begins with them, ids from 1 in their order.
std::vector<ReviewedShape> automatic_shapes(const FrameResult& result);
/// Those of a clip, from its line; what is no capillary there is left out.
std::vector<ReviewedShape> automatic_shapes(const nlohmann::json& clip_line);

/// The hash by which records name a frame's file.
std::string file_hash(const FrameResult& result);

/// Applies the records of one item (frame or clip), in their order; records that were undone do not hold. A pure
/// function.
Reviewed apply_corrections(std::vector<ReviewedShape> automatic, const std::vector<nlohmann::json>& records);

/// Pixels whose middle lies inside the outline (even-odd rule).
std::int64_t pixels_inside(const std::vector<float>& points);

}  // namespace capillaryx
