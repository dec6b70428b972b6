// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace capillaryx {

/// One capillary of a clip. Coordinates are those of the reference frame and may be negative.
struct ClipCapillary {
  int id = 0;                 ///< from 1, in the order of its place
  std::array<int, 4> bbox{};  ///< of the outline, px
  std::vector<int> polygon;   ///< x0, y0, x1, y1, ..., px
  std::int64_t area_px = 0;
  double score = 0;  ///< probability by the evidence of all usable frames with its place in view
  int seen = 0;      ///< frames in which it was found
  int in_view = 0;   ///< usable, registered frames that show its place
};

/// Items of clip quality after Massey et al. 2013: 0 good, 1 acceptable, 10 unacceptable; absent if they cannot be
/// told.
struct ClipQuality {
  std::optional<int> illumination, duration, focus, content, stability, pressure;
};

/// What a clip measures: the line of results.jsonl. A plain value.
struct ClipResult {
  std::string file;
  int frames = 0, usable = 0, registered = 0;
  std::optional<int> reference;  ///< number within the clip of the frame whose coordinates are the clip's
  struct Motion {
    std::vector<double> dx, dy, rotation_deg;  ///< of each frame; 0 if it is not registered
    std::vector<bool> registered;
  } motion;
  std::array<int, 4> extent{};  ///< of the tissue that was seen, px
  std::optional<int> count;
  std::optional<double> density;
  std::int64_t seen_px = 0;  ///< valid pixels of the tissue that was seen
  std::optional<double> count_per_mm2;
  /// Of each half of the clip, over the tissue that both halves show.
  struct Repeatability {
    std::array<int, 2> count{};
    std::array<double, 2> density{};
  };
  std::optional<Repeatability> repeatability;
  ClipQuality quality;
  std::vector<ClipCapillary> capillaries;
  std::string reason;  ///< why count and density are absent; empty if they are not
};

}  // namespace capillaryx
