// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace capillaryx {

/// A point of a frame or of a clip's map, px.
struct ClipPoint {
  double x = 0, y = 0;
};

/// Where a frame lies on the map of its clip: map = middle + shift + R (pixel - middle), R = [c -s; s c]. Shifts are in
/// whole 1/16 px and rotations in whole 1/65536 radian, so that what is written reads back exactly.
struct Pose {
  static constexpr double kShiftOne = 16, kRotationOne = 65536;

  int shift_x = 0, shift_y = 0;  ///< 1/16 px
  int rotation = 0;              ///< 1/65536 radian; at most about 3 degrees, where series are exact enough

  double angle() const { return rotation / kRotationOne; }
  double sine() const { return angle() * (1 - angle() * angle() / 6); }
  double cosine() const { return 1 - angle() * angle() / 2; }

  ClipPoint to_map(ClipPoint pixel, ClipPoint middle) const {
    const double x = pixel.x - middle.x;
    const double y = pixel.y - middle.y;
    return {middle.x + shift_x / kShiftOne + cosine() * x - sine() * y,
            middle.y + shift_y / kShiftOne + sine() * x + cosine() * y};
  }
  ClipPoint to_frame(ClipPoint place, ClipPoint middle) const {
    const double x = place.x - middle.x - shift_x / kShiftOne;
    const double y = place.y - middle.y - shift_y / kShiftOne;
    return {middle.x + cosine() * x + sine() * y, middle.y - sine() * x + cosine() * y};
  }
};

}  // namespace capillaryx
