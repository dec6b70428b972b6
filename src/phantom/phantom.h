// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capillaryx/frame.h"

namespace capillaryx {

/// How a drawn frame of skin microcirculation looks. Every number is a strength: 0 leaves the thing out, 1 is ordinary.
struct PhantomOptions {
  std::uint64_t seed = 1;
  int width = 1920;
  int height = 1080;
  double capillaries = 1;  ///< how many, against what real frames show
  double contrast = 1;     ///< of the capillaries
  double gradients = 1;    ///< tone and light over the frame
  double folds = 1;
  double hairs = 1;
  double glare = 1;
  double bubbles = 1;
  double deep_vessels = 1;  ///< blurred venules below
  double mottling = 1;
  double specks = 1;
  double blur = 1;
  double noise = 1;
  double compression = 1;  ///< blocks as a film's codec leaves them
  double camera = 1;       ///< spread of tone, colour matrix, sharpening, magnification between frames
};

/// A capillary that was drawn. Its outline is where darkness falls to half of its depth, before noise.
struct PhantomCapillary {
  std::vector<std::vector<float>> outline;  ///< polygons, x0, y0, x1, y1, ..., px, pixel corners
  double area_px = 0;
  double bbox[4] = {0, 0, 0, 0};  ///< min x, min y, width, height
  double peak_density = 0;        ///< peak optical density over its surroundings
  bool cannot_tell = false;       ///< too faint to be asked for (COCO: iscrowd 1)
};

struct Phantom {
  Frame frame;  ///< 8-bit RGB
  std::vector<PhantomCapillary> capillaries;
};

/// Draws phantom number `index` of a seed. The same bits every time on one machine; any thread.
Phantom draw_phantom(const PhantomOptions& options, std::int64_t index);

/// COCO ground truth of several phantoms, as a JSON text; `names[i]` is the file name of `phantoms[i]`.
std::string phantom_truth_coco(const std::vector<Phantom>& phantoms, const std::vector<std::string>& names);

}  // namespace capillaryx
