// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capillaryx/frame.h"

namespace capillaryx {

/// How a synthetic frame of skin microcirculation looks. A number is a strength where nothing else is said: 0 leaves
/// the thing out, 1 is as on ordinary frames. Each thing is drawn from its own random numbers: changing one leaves
/// the others where they are (`capillaries` too: fewer are the first ones of more).
struct PhantomOptions {
  std::uint64_t seed = 1;
  int width = 1920;   ///< px
  int height = 1080;  ///< px
  double capillaries = 1;
  double contrast = 1;
  double gradients = 1;
  double folds = 1;
  double hairs = 1;
  double glare = 1;
  double bubbles = 1;
  double deep_vessels = 1;
  double mottling = 1;
  double specks = 1;
  double blur = 1;
  double noise = 1;
  double compression = 1;
  double camera = 1;
  double magnification = 1;
  double sharpening = 1;
  double tint = 1;
  double exposure = 1;
  double fading = 0;
  double rows = 0;
  double grey = 0;
  double narrow_band = 0;
  double mesh = 0;
  double inverted = 0;
};

/// What a field is, for whoever shows or reads it.
struct PhantomField {
  std::string_view name;  ///< snake_case; the flag is the same with dashes
  double min = 0;
  double max = 0;
  std::string_view help;  ///< one line
};

/// Calls `visit(PhantomField, field)` for every field, in the order above.
template <class AnyOptions, class Visitor>
void visit_phantom_fields(AnyOptions& options, Visitor&& visit) {
  visit(PhantomField{"seed", 0, 1.8e19, "what is drawn; the same seed draws the same frames"}, options.seed);
  visit(PhantomField{"width", 64, 8192, "px"}, options.width);
  visit(PhantomField{"height", 64, 8192, "px"}, options.height);
  visit(PhantomField{"capillaries", 0, 4, "how many; 1: about 70 on 1920x1080"}, options.capillaries);
  visit(PhantomField{"contrast", 0, 10, "darkness of the capillaries"}, options.contrast);
  visit(PhantomField{"gradients", 0, 10, "tone and light over the frame, shade at its edge"}, options.gradients);
  visit(PhantomField{"folds", 0, 20, "folds of the skin"}, options.folds);
  visit(PhantomField{"hairs", 0, 50, "hairs; 1: about 0.7 a frame"}, options.hairs);
  visit(PhantomField{"glare", 0, 20, "sheen, sparks and discs of light"}, options.glare);
  visit(PhantomField{"bubbles", 0, 20, "air bubbles and mouths of sweat ducts"}, options.bubbles);
  visit(PhantomField{"deep_vessels", 0, 10, "blurred venules and smudges below"}, options.deep_vessels);
  visit(PhantomField{"mottling", 0, 10, "unevenness of the skin, papillae"}, options.mottling);
  visit(PhantomField{"specks", 0, 50, "grains, crumbs and fibres"}, options.specks);
  visit(PhantomField{"blur", 0, 20, "of the lens and the focus"}, options.blur);
  visit(PhantomField{"noise", 0, 50, "of the camera"}, options.noise);
  visit(PhantomField{"compression", 0, 20, "blocks as a video's codec leaves them"}, options.compression);
  visit(PhantomField{"camera", 0, 10, "how much cameras differ; 1: every seventh frame is from another kind"},
        options.camera);
  visit(PhantomField{"magnification", 0.2, 5, "factor on all lengths"}, options.magnification);
  visit(PhantomField{"sharpening", 0, 20, "by the camera"}, options.sharpening);
  visit(PhantomField{"tint", 0, 10, "spread of the cameras' colours"}, options.tint);
  visit(PhantomField{"exposure", 0.05, 5, "factor on brightness"}, options.exposure);
  visit(PhantomField{"fading", 0, 1, "how far limbs fade towards one of their ends; 1: to nothing"}, options.fading);
  visit(PhantomField{"rows", 0, 1, "share of the frames with hairpins side by side in rows, as at the nailfold"},
        options.rows);
  visit(PhantomField{"grey", 0, 1, "share of the frames from a greyscale camera"}, options.grey);
  visit(PhantomField{"narrow_band", 0, 1, "share of the frames under green light alone, in grey"}, options.narrow_band);
  visit(PhantomField{"mesh", 0, 10, "fixed pattern of the sensor; 1: about 1 % of the light"}, options.mesh);
  visit(PhantomField{"inverted", 0, 1, "share of the frames with vessels brighter than the skin"}, options.inverted);
}

/// Throws Error (kUsage) that names the first field out of its range.
void check_phantom_options(const PhantomOptions& options);

/// A capillary that was drawn. Its outline is where darkness falls to half of its depth: its own optical density in
/// green, after the optical blur, before sharpening, noise and codec, without its halo, is half of what nine tenths of
/// it reach: of the tenth part of the values over it (where it has a tenth of its peak), each the highest of those
/// nearer than 0.9 of half its width (a square); at least 0.35 of the peak. ContourFinder looks for this. Holes
/// count as filled. Capillaries do not overlap; many come near.
struct PhantomCapillary {
  std::vector<std::vector<float>> outline;  ///< polygons, x0, y0, x1, y1, ..., px, pixel corners; inside the frame
  double area_px = 0;                       ///< exact area of the polygons
  std::array<double, 4> bbox{};             ///< min x, min y, width, height, px
  /// Ground truth from the geometry alone, before blur, halo, noise and codec: the half-maximum width of the profile of
  /// a round tube, sqrt(3) / 2 of its radius to each side of the centre line, whatever the depth there. Without the
  /// out-of-focus copies of a loop, which stand for blur. Limbs under the ambiguity limit of optical density are in
  /// `faint` (it may overlap `geometry`). Polygons as in `outline`.
  std::vector<std::vector<float>> geometry;
  std::vector<std::vector<float>> faint;
  double geometry_area_px = 0;  ///< of `geometry`
  double peak_density = 0;      ///< peak optical density in green over its surroundings
  /// Too faint, too blurred, or cut off too much by the frame, to be asked for (COCO: iscrowd 1). Fainter ones and more
  /// blurred ones are drawn but not listed.
  bool cannot_tell = false;
};

struct Phantom {
  Frame frame;  ///< 8-bit RGB
  std::vector<PhantomCapillary> capillaries;
};

/// Draws phantom number `index` of a seed. The same bits every time on one machine; any thread. About 0.3 s of one core
/// for 1920x1080. Throws Error (kUsage) as check_phantom_options does.
Phantom draw_phantom(const PhantomOptions& options, std::int64_t index);

/// What is kept of a phantom once its pixels are written.
struct PhantomTruth {
  std::string file_name;
  int width = 0;   ///< px
  int height = 0;  ///< px
  std::vector<PhantomCapillary> capillaries;
};

/// COCO ground truth of several phantoms, as a JSON text with the options in `info`. Image ids start at 1.
std::string phantom_truth_coco(const PhantomOptions& options, const std::vector<PhantomTruth>& truths);

}  // namespace capillaryx
