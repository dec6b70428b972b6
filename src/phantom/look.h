// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "phantom/canvas.h"
#include "phantom/phantom.h"

namespace capillaryx::phantom {

/// What each kind of thing draws its random numbers with (see Random). Values stay fixed: they are part of the seed.
enum Stream : std::uint64_t {
  kLook = 1,
  kLight = 2,
  kMottling = 3,
  kFold = 4,
  kVenule = 5,
  kSmudge = 6,
  kPapilla = 7,
  kCapillary = 8,
  kPlacement = 9,
  kHair = 10,
  kSpeck = 11,
  kGlare = 12,
  kBubble = 13,
  kGrain = 14,
  kTexture = 15,
  kWrinkle = 16,
  kEdge = 17,
  kClipPath = 18,
  kClipFrame = 19,
  kFlow = 20,
  kFading = 21,
  kRows = 22,
  kSensor = 23,
};

/// What holds for the whole of one frame: the camera, the patch of skin, the light.
struct Look {
  Color skin{};              ///< 8-bit values of bright skin
  Color blood{};             ///< optical density of shallow blood, green = 1
  Color deep_blood{};        ///< the same under scattering tissue: greyer
  Color pigment{};           ///< olive: dermal papillae's rims, shadows of folds, hairs
  double vivid = 0;          ///< 0: a grey camera, 1: one with strong colours
  double gain = 1;           ///< of optical density, by the camera's contrast
  double magnification = 1;  ///< of all lengths
  double direction = 0;      ///< along which skin and vessels run, radian
  double aligned = 0;        ///< how strictly, 0..1
  double lens_sigma_px = 1;  ///< blur where the focus is best
  double focus_tilt_px = 0;  ///< blur added at the far end of the tilt
  double focus_direction = 0;
  double papillae = 0;  ///< how clearly papillae show
  double mottling = 1;
  double sharpening = 0;
  double grain = 0;             ///< noise of brightness, 8-bit units
  double color_grain = 0;       ///< of colour
  double codec_step = 0;        ///< quantisation of the video's blocks, 8-bit units; 0: none
  double codec_color_step = 0;  ///< of a block's mean colour
  double late_codec_step = 0;   ///< of a second, finer codec after the noise; 0: none
  double cell_px = 0;           ///< a still was enlarged from cells of this size; 0: it was not
  bool smooth_color = false;    ///< colour planes are interpolated (else each value stands for 2 x 2 px)

  /// Blur at a place of the frame, px.
  double sigma_at(double x, double y, const PhantomOptions& options) const;
};

Look choose_look(const PhantomOptions& options, std::int64_t index);

/// Everything that is under or over the capillaries. Each draws from its own streams.
void draw_light(const PhantomOptions& options, std::int64_t index, Canvas& canvas);
void draw_mottling(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas);
void draw_folds(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas);
void draw_deep_vessels(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas);
void draw_hairs(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas);
void draw_specks(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas);
void draw_glare(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas);
void draw_bubbles(const PhantomOptions& options, std::int64_t index, const Look& look, Canvas& canvas);

/// Capillaries with their halos and papillae: the halos into `canvas.coarse`, the vessels as patches to be added to
/// `canvas.fine` once it is there.
struct SyntheticCapillary {
  Patch density;  ///< optical density in green
  Color color{};
  Patch tail;                             ///< where it sinks into the depth; may be empty
  std::vector<std::vector<Knot>> vessel;  ///< its centre lines, px of the frame
  PhantomCapillary truth;
};
std::vector<SyntheticCapillary> draw_capillaries(const PhantomOptions& options, std::int64_t index, const Look& look,
                                                 Canvas& canvas);

/// Half-depth outline of a capillary inside a frame of width x height; see PhantomCapillary.
void outline_capillary(const Patch& density, int width, int height, PhantomCapillary& truth);

/// Ground truth from the centre lines alone (PhantomCapillary::geometry, faint). `least_darkness`: knots under it are
/// faint.
void outline_geometry(const std::vector<std::vector<Knot>>& vessel, double least_darkness, int width, int height,
                      PhantomCapillary& truth);

/// Light through `canvas.fine` as the camera stores it: 8-bit RGB, width * height * 3 bytes, rows without gaps. The
/// frames of a clip, which share `index`, differ in `moment`, and so in their noise.
void develop(const PhantomOptions& options, std::int64_t index, const Look& look, const Canvas& canvas,
             std::uint8_t* rgb, std::int64_t moment = -1);

/// What a video's codec leaves of a picture: 8 x 8 blocks, colour at half resolution. `planes`: luma, blue and red
/// difference (CV_32F), the latter two of half size. `step`: quantisation of the lowest waves, `color_mean_step`: of a
/// block's mean colour, 8-bit units; (x, y): where the first block starts, -7..0.
void quantise_blocks(cv::Mat* planes, double step, double color_mean_step, int x, int y);

}  // namespace capillaryx::phantom
