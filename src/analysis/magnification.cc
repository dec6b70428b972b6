// SPDX-License-Identifier: Apache-2.0
#include "analysis/magnification.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace capillaryx {
namespace {

constexpr float kStandsOut = 4;              // robust standard deviations of darkness at its peak
constexpr std::size_t kFewest = 8;           // regions that stand out
constexpr double kOrdinarySizePx = 48;       // square root of a region's area in synthetic frames of magnification 1
constexpr double kNear = 1.189207115002721;  // up to a quarter of an octave from 1 it is 1

// Powers of the fourth root of 2, so that no library's exp or log decides: quarter octaves from -1.5 to 1.5.
constexpr std::array<double, 13> kSteps{kLeastMagnification, 0.42044820762685725, 0.5, 0.59460355750136051,
                                        0.70710678118654757, 0.84089641525371450, 1,   1.1892071150027210,
                                        1.4142135623730951,  1.6817928305074290,  2,   2.3784142300054421,
                                        kMostMagnification};

std::array<int, 4> scaled_box(const std::array<int, 4>& box, double x_factor, double y_factor, int width, int height) {
  const int left = static_cast<int>(std::floor(box[0] * x_factor)),
            top = static_cast<int>(std::floor(box[1] * y_factor));
  const int right = std::min(static_cast<int>(std::ceil((box[0] + box[2]) * x_factor)), width);
  const int bottom = std::min(static_cast<int>(std::ceil((box[1] + box[3]) * y_factor)), height);
  return {left, top, std::max(right - left, 1), std::max(bottom - top, 1)};
}

}  // namespace

double estimate_magnification(const std::vector<Roi>& rois, const Darkness& darkness) {
  std::vector<std::pair<double, double>> sizes;  // px, weight
  double all = 0;
  for (const Roi& roi : rois) {
    if (roi.darkness < kStandsOut * darkness.robust_sd) continue;
    const double size = std::sqrt(static_cast<double>(roi.area_px));
    const double weight = static_cast<double>(roi.darkness) * size;
    sizes.emplace_back(size, weight);
    all += weight;
  }
  if (sizes.size() < kFewest) return 1;
  std::sort(sizes.begin(), sizes.end());
  double sum = 0;
  const auto median =
      std::find_if(sizes.begin(), sizes.end(), [&](const auto& each) { return (sum += each.second) >= all / 2; });
  // To the power of 1.25, by roots alone: regions grow more slowly than vessels, as blur adds to small ones and large
  // ones fall apart.
  const double ratio = median->first / kOrdinarySizePx;
  return ratio * std::sqrt(std::sqrt(ratio));
}

double rounded_magnification(double magnification) {
  if (magnification < kNear && magnification > 1 / kNear) return 1;
  const auto ratio = [&](double step) { return std::max(step / magnification, magnification / step); };
  return *std::min_element(kSteps.begin(), kSteps.end(), [&](double a, double b) { return ratio(a) < ratio(b); });
}

void scale_result(FrameResult& result, int width, int height) {
  const double x_factor = static_cast<double>(width) / result.width;
  const double y_factor = static_cast<double>(height) / result.height;
  for (Capillary& capillary : result.capillaries) {
    for (std::size_t i = 0; i + 1 < capillary.polygon.size(); i += 2) {
      // Eighths of a pixel, as outlines have them.
      const auto eighths = [](double value, int most) {
        return static_cast<float>(std::clamp(std::floor(value * 8 + 0.5) / 8, 0.0, static_cast<double>(most)));
      };
      capillary.polygon[i] = eighths(static_cast<double>(capillary.polygon[i]) * x_factor, width);
      capillary.polygon[i + 1] = eighths(static_cast<double>(capillary.polygon[i + 1]) * y_factor, height);
    }
    capillary.bbox = scaled_box(capillary.bbox, x_factor, y_factor, width, height);
    capillary.area_px = std::max(static_cast<int>(capillary.area_px * x_factor * y_factor + 0.5), 1);
  }
  for (Candidate& candidate : result.candidates) {
    candidate.bbox = scaled_box(candidate.bbox, x_factor, y_factor, width, height);
  }
  result.width = width;
  result.height = height;
  result.valid_px = static_cast<std::int64_t>(width) * height;
}

}  // namespace capillaryx
