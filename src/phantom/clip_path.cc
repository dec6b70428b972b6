// SPDX-License-Identifier: Apache-2.0
// Where the frames of a synthetic clip lie, and what spoils them.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "phantom/clip_parts.h"

namespace capillaryx::phantom {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kTremorPx = 2, kRotation = 1.5 * kPi / 180, kFocusPx = 1.5, kFlicker = 0.03;

void spoil(Random& random, PhantomClipFrame& frame) {
  frame.bad = static_cast<BadFrame>(1 + random.below(4));
  const double strength = random.uniform();
  if (frame.bad == BadFrame::kMotion) {
    frame.motion_px = 24 + 24 * strength;
    frame.motion_direction = kPi * random.uniform();
  } else if (frame.bad == BadFrame::kFocus) {
    frame.blur_px = 6 + 4 * strength;
  } else if (frame.bad == BadFrame::kBright) {
    frame.brightness *= 2.4 + strength;
  } else {
    frame.brightness *= 0.03 + 0.05 * strength;
  }
}

}  // namespace

ClipSpace clip_space(const PhantomOptions& drawing, const PhantomClipOptions& options) {
  ClipSpace space;
  const double turn = std::sin(std::min(4.0, options.rotation) * kRotation);
  space.drift_x = options.drift * drawing.width / 3;
  space.drift_y = 0.5 * options.drift * drawing.height / 3;
  const double shake = 6 * kTremorPx * options.tremor;
  space.margin_x = static_cast<int>(std::ceil(space.drift_x / 2 + shake + turn * drawing.height / 2)) + 8;
  space.margin_y = static_cast<int>(std::ceil(space.drift_y / 2 + shake + turn * drawing.width / 2)) + 8;
  return space;
}

std::vector<PhantomClipFrame> clip_frames(const PhantomOptions& drawing, const PhantomClipOptions& options,
                                          std::int64_t index) {
  const ClipSpace space = clip_space(drawing, options);
  const double middle_x = space.margin_x + drawing.width / 2.0;
  const double middle_y = space.margin_y + drawing.height / 2.0;
  Random path(drawing.seed, index, kClipPath);
  const double side_x = path.chance(0.5) ? 1 : -1;
  const double side_y = path.uniform(-1, 1);
  const double turn_phase = path.uniform(0, 2 * kPi);
  const double focus_phase = path.uniform(0, 2 * kPi);
  const double light_phase = path.uniform(0, 2 * kPi);
  double shake_x = 0;
  double shake_y = 0;
  std::vector<PhantomClipFrame> frames;
  frames.reserve(static_cast<std::size_t>(options.frames));
  for (int i = 0; i < options.frames; ++i) {
    Random random(drawing.seed, index, kClipFrame, static_cast<std::uint64_t>(i));
    const double t = options.frames > 1 ? static_cast<double>(i) / (options.frames - 1) : 0.5;
    const double limit = 6 * kTremorPx * options.tremor;
    shake_x = std::clamp(0.8 * shake_x + options.tremor * random.normal(0, kTremorPx), -limit, limit);
    shake_y = std::clamp(0.8 * shake_y + options.tremor * random.normal(0, kTremorPx), -limit, limit);
    PhantomClipFrame frame;
    frame.time_s = i / options.fps;
    frame.x = middle_x + side_x * space.drift_x * (t - 0.5) + shake_x;
    frame.y = middle_y + side_y * space.drift_y * (t - 0.5) + shake_y;
    frame.rotation = options.rotation * kRotation * std::sin(turn_phase + 3 * t);
    const double focus = std::sin(focus_phase + 4 * t);
    frame.blur_px = options.focus_drift * kFocusPx * focus * focus;
    frame.brightness =
        std::max(0.05, 1 + options.flicker * kFlicker * (random.normal() + 0.7 * std::sin(light_phase + 40 * t)));
    const double pressed = std::exp(-50 * (t - 0.5) * (t - 0.5));
    frame.blood = 1 - options.blanching * pressed;
    if (random.chance(options.bad_frames)) spoil(random, frame);
    if (i > 0 && random.chance(options.lost_frames)) {
      const double time_s = frame.time_s;
      frame = frames.back();
      frame.time_s = time_s;
      frame.lost = true;
    }
    frames.push_back(frame);
  }
  return frames;
}

}  // namespace capillaryx::phantom
