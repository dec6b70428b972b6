// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <string>

#include "sink/results_reader.h"

namespace capillaryx {
namespace {

constexpr int kMostLandmarks = 128;

/// A capillary's flaw in a frame of `width` x `height`, or nothing.
const char* flaw_of(const Capillary& capillary, int width, int height) {
  const auto [x, y, w, h] = capillary.bbox;
  if (x < 0 || y < 0 || w <= 0 || h <= 0 || w > width - x || h > height - y) return "its box leaves the frame";
  if (capillary.polygon.size() < 6 || capillary.polygon.size() % 2 != 0) return "it has no outline";
  for (std::size_t i = 0; i < capillary.polygon.size(); i += 2) {
    const double px = capillary.polygon[i];
    const double py = capillary.polygon[i + 1];
    if (!(px >= x - 1.0 && px <= x + w + 1.0 && py >= y - 1.0 && py <= y + h + 1.0))
      return "its outline leaves its box";
  }
  if (capillary.area_px <= 0 || capillary.area_px > std::int64_t{w} * h) return "its area does not fit its box";
  if (!(capillary.score >= 0 && capillary.score <= 1)) return "its score is not between 0 and 1";
  return nullptr;
}

/// Of what both a frame and its file may say.
std::string flaw_of(const std::optional<std::array<double, 2>>& range, const std::optional<double>& magnification) {
  if (range && !(std::isfinite((*range)[0]) && std::isfinite((*range)[1]) && (*range)[0] < (*range)[1])) {
    return "its value range does not go from one number up to another";
  }
  if (magnification && !(std::isfinite(*magnification) && *magnification > 0)) return "its magnification is no ratio";
  return "";
}

}  // namespace

std::string find_flaw(const InputInfo& input) {
  if (input.width < 0 || input.height < 0 || input.pages.value_or(0) < 0) return "its size is negative";
  if (input.fps && !(std::isfinite(*input.fps) && *input.fps > 0)) return "its frame rate is no rate";
  if (input.scale_um_per_px && !(std::isfinite(*input.scale_um_per_px) && *input.scale_um_per_px > 0)) {
    return "its scale is not a length";
  }
  return flaw_of(input.value_range, input.magnification);
}

std::string find_flaw(const FrameResult& result) {
  if (result.width < 0 || result.height < 0) return "its size is negative";
  if (result.scale_um_per_px && !(std::isfinite(*result.scale_um_per_px) && *result.scale_um_per_px > 0)) {
    return "its scale is not a length";
  }
  if (std::string flaw = flaw_of(result.value_range, result.magnification); !flaw.empty()) return flaw;
  if (result.page.value_or(0) < 0) return "its page is negative";
  if (result.landmarks.size() % 3 != 0 || result.landmarks.size() > std::size_t{3} * kMostLandmarks) {
    return "its landmarks are not up to " + std::to_string(kMostLandmarks) + " times three numbers";
  }
  if (std::any_of(result.landmarks.begin(), result.landmarks.end(), [](int value) { return value < 0; })) {
    return "a landmark leaves the frame";
  }
  if (result.quality) {
    for (const auto& [name, value] : result.quality->measures) {
      if (!std::isfinite(value)) return "its quality '" + name + "' is not a finite number";
    }
  }
  if (result.time_s && !std::isfinite(*result.time_s)) return "its time is not a number";
  for (const auto& [name, value] : result.values) {
    if (!std::isfinite(value)) return "its value '" + name + "' is not a finite number";
  }
  if (result.status != Status::kOk) return result.error.empty() ? "it has no result and no reason" : "";
  if (!(result.density >= 0 && result.density <= 1)) return "its density is not between 0 and 1";
  if (result.valid_px < 0 || result.valid_px > std::int64_t{result.width} * result.height) {
    return "it has more valid pixels than pixels";
  }
  for (std::size_t i = 0; i < result.capillaries.size(); ++i) {
    if (const char* flaw = flaw_of(result.capillaries[i], result.width, result.height)) {
      return "capillary " + std::to_string(i) + ": " + flaw;
    }
  }
  for (const Candidate& candidate : result.candidates) {
    const auto [x, y, w, h] = candidate.bbox;
    if (x < 0 || y < 0 || w <= 0 || h <= 0 || w > result.width - x || h > result.height - y) {
      return "a candidate's box leaves the frame";
    }
    if (!(candidate.score >= 0 && candidate.score <= 1)) return "a candidate's score is not between 0 and 1";
  }
  return "";
}

}  // namespace capillaryx
