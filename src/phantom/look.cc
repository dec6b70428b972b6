// SPDX-License-Identifier: Apache-2.0
#include "phantom/look.h"

#include <algorithm>
#include <cmath>

namespace capillaryx::phantom {

double Look::sigma_at(double x, double y, const PhantomOptions& options) const {
  const double across =
      std::cos(focus_direction) * (x / options.width - 0.5) + std::sin(focus_direction) * (y / options.height - 0.5);
  const double sigma = lens_sigma_px + focus_tilt_px * std::clamp(across + 0.25, 0.0, 1.0);
  return std::max(0.45, sigma * options.blur);
}

Look choose_look(const PhantomOptions& options, std::int64_t index) {
  Random random(options.seed, index, kLook);
  Look look;
  // Two families of frames are met: videos of a grey camera and stills of one with strong colours. A share of the
  // frames comes from some other camera, so that nothing rests on those two.
  const double family = random.uniform();
  const bool other = random.uniform() < 0.15 * options.camera;
  const double spread = std::min(1.0, options.camera);
  const bool vivid_family = family > 0.6;
  look.vivid = 0.1 + spread * (vivid_family ? random.normal(0.82, 0.1) : random.normal(-0.06, 0.07));
  if (other) look.vivid = random.uniform(0, 1.15);
  look.vivid = std::clamp(look.vivid, 0.0, 1.2);
  const double v = look.vivid;

  double brightness = 131;
  if (other) {
    brightness = random.uniform(55, 205);
  } else if (vivid_family) {
    brightness += spread * ((random.chance(0.25) ? random.uniform(62, 90) : random.uniform(112, 182)) - 131);
  } else {
    brightness += spread * random.normal(0, 5);
  }
  brightness *= options.exposure;
  const Color hue{static_cast<float>(1 + 0.16 * v), 1.0F, static_cast<float>(0.975 - 0.18 * v)};
  const double tint = (other ? 0.11 : 0.008 + 0.017 * v) * spread * options.tint;
  for (int c = 0; c < 3; ++c) {
    look.skin[c] = static_cast<float>(std::min(250.0, brightness * hue[c] * std::exp(tint * random.normal())));
  }

  const double blood_tint = (other ? 0.12 : 0.05) * options.tint;
  const double red = std::max(0.08, (0.44 - 0.30 * v) * std::exp(2 * blood_tint * random.normal()));
  const double blue = (0.60 - 0.17 * v) * std::exp(blood_tint * random.normal());
  look.blood = {static_cast<float>(red), 1.0F, static_cast<float>(blue)};
  look.deep_blood = {static_cast<float>(0.6 * red + 0.22 - 0.14 * v), 1.0F,
                     static_cast<float>(0.6 * blue + 0.32 - 0.16 * v)};
  look.pigment = {static_cast<float>(0.95 - 0.15 * v), 0.95F, static_cast<float>(1.12 + 0.2 * v)};
  look.gain = (1 + 0.8 * v) * (other ? random.spread(1, 0.2) : random.spread(1, 0.08 * spread));
  look.magnification =
      options.magnification * (other ? std::exp(random.uniform(-0.43, 0.47)) : random.spread(1, 0.07 * spread));
  look.direction = random.uniform(0, 3.14159265);
  look.aligned = random.uniform();
  look.lens_sigma_px = (2.0 - 0.1 * v) * random.spread(1, 0.2) * look.magnification;
  look.focus_tilt_px = random.uniform() * random.uniform() * 3.0 * look.magnification;
  look.focus_direction = random.uniform(0, 6.2831853);
  look.papillae = std::pow(random.uniform(), 1.5) * 1.3;
  look.mottling = (1 + 0.35 * v) * random.spread(1, 0.3);

  look.sharpening = (other ? random.uniform(0, 1.6) : random.uniform(0, 0.35)) * options.sharpening;
  const double noise = options.noise * (other ? std::clamp(random.spread(1, 0.6), 0.2, 2.5) : random.spread(1, 0.2));
  const bool video = other ? random.chance(0.5) : v < 0.5;
  look.grain = (video ? 0.85 : 0.95) * noise;
  look.color_grain = (video ? 0.65 : 1.1) * noise;
  const double quality = random.spread(1, 0.35) * options.compression;
  look.codec_step = (video ? 3.2 : 3.6) * quality;
  look.codec_color_step = (video ? random.uniform(0.8, 2.4) : 0.8) * quality;
  look.late_codec_step = video ? 0 : 0.7 * quality;
  look.cell_px = video ? 0 : random.uniform(3.5, 4.6) * std::min(1.0, options.compression);
  look.smooth_color = video && random.chance(0.25);
  return look;
}

}  // namespace capillaryx::phantom
