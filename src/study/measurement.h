// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace capillaryx {

/// What is measured.
struct Quantity {
  const char* name;
  const char* unit;
  const char* definition;
  bool needs_scale;
};
/// The quantities of the microcirculation. Other algorithms add theirs by name, without a unit.
std::span<const Quantity> quantities();

/// One independent look at the tissue: a field (a still) or a clip (a file of several frames). However many frames a
/// clip has, it is one value of each quantity. A plain value.
struct Measurement {
  std::string file;  ///< as results name it
  bool clip = false;
  std::map<std::string, std::string> labels;  ///< column -> text (StudyRow)
  std::int64_t frames = 0;
  std::int64_t usable_frames = 0;
  int width = 0;  ///< px
  int height = 0;
  std::int64_t valid_px = 0;  ///< of a clip: of the tissue that was seen
  std::optional<double> scale_um_per_px;
  std::string scale_from;  ///< "study", "option", or what the file has; empty without a scale
  std::optional<double> magnification;
  std::map<std::string, double> values;  ///< by quantity; unknown values are absent
  std::string reason;                    ///< why it counts in no mean; empty if it counts
  std::string note;
};

}  // namespace capillaryx
