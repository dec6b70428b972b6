// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "phantom/phantom.h"

namespace capillaryx {

/// How a synthetic clip moves and changes. The tissue and the camera are those of PhantomOptions. Unless stated
/// otherwise a number is a strength: 0 leaves the effect out, 1 is as in a hand-held recording.
struct PhantomClipOptions {
  int frames = 50;
  double fps = 25;
  double tremor = 1;
  double drift = 1;
  double rotation = 1;
  double focus_drift = 1;
  double flicker = 1;
  double blanching = 0;
  double flow = 1;
  double plasma_gaps = 1;
  double moving_bubbles = 1;
  double bad_frames = 0;
  double lost_frames = 0;
};

/// Calls `visit(PhantomField, field)` for every field, in the order above.
template <class AnyOptions, class Visitor>
void visit_phantom_clip_fields(AnyOptions& options, Visitor&& visit) {
  visit(PhantomField{"frames", 1, 100'000, "frames of each clip"}, options.frames);
  visit(PhantomField{"fps", 0.1, 1000, "frames per second"}, options.fps);
  visit(PhantomField{"tremor", 0, 20, "shake of the hand; 1: about 2 px from frame to frame"}, options.tremor);
  visit(PhantomField{"drift", 0, 3, "1: the field moves by a third of its width over the clip"}, options.drift);
  visit(PhantomField{"rotation", 0, 4, "1: up to 1.5 degrees either way"}, options.rotation);
  visit(PhantomField{"focus_drift", 0, 20, "1: up to 1.5 px of added blur"}, options.focus_drift);
  visit(PhantomField{"flicker", 0, 10, "1: brightness varies by 3 %"}, options.flicker);
  visit(PhantomField{"blanching", 0, 1, "share of the blood pressed out at the middle of the clip"}, options.blanching);
  visit(PhantomField{"flow", 0, 20, "speed of the blood; 1: 2 to 8 px per frame; 0: it stands"}, options.flow);
  visit(PhantomField{"plasma_gaps", 0, 1.5, "depth of the gaps between the blood cells"}, options.plasma_gaps);
  visit(PhantomField{"moving_bubbles", 0, 20, "air bubbles that drift through the field"}, options.moving_bubbles);
  visit(PhantomField{"bad_frames", 0, 1, "share of frames spoiled by motion, focus or exposure"}, options.bad_frames);
  visit(PhantomField{"lost_frames", 0, 1, "share of frames lost; the frame before is repeated"}, options.lost_frames);
}

/// Throws Error (kUsage) naming the first field out of its range, or if the tissue would be too large to draw.
void check_phantom_clip_options(const PhantomOptions& drawing, const PhantomClipOptions& options);

/// What spoils a frame of a clip.
enum class BadFrame : std::uint8_t { kNone, kMotion, kFocus, kBright, kDark };
const char* to_string(BadFrame bad);  ///< "", "motion", "focus", "bright", "dark"

/// Where a frame lies on the tissue and what is done to it. The frame's middle shows the tissue at (x, y); its axes are
/// turned by `rotation`: tissue = (x, y) + R (pixel - middle), R = [cos -sin; sin cos].
struct PhantomClipFrame {
  double time_s = 0;
  double x = 0, y = 0;          ///< tissue, px
  double rotation = 0;          ///< radian
  double blur_px = 0;           ///< sigma of the added blur
  double brightness = 1;        ///< factor on light
  double blood = 1;             ///< factor on the darkness of the capillaries
  double motion_px = 0;         ///< length of the smear of a frame spoiled by motion
  double motion_direction = 0;  ///< radian
  BadFrame bad = BadFrame::kNone;
  bool lost = false;  ///< the camera gave the frame before once more
};

/// Ground truth of a clip, in pixels of its tissue.
struct PhantomClipTruth {
  int width = 0, height = 0;                ///< of a frame, px
  int tissue_width = 0, tissue_height = 0;  ///< px
  std::vector<PhantomCapillary> capillaries;
  std::vector<double> flow_px_per_frame;  ///< of each capillary
  std::vector<PhantomClipFrame> frames;
};

/// Draws the frames of clip number `index` of a seed. The same bits every time on one machine.
/// Threads: draw() may be called from several threads at the same time.
class PhantomClip {
 public:
  /// Throws Error (kUsage) as check_phantom_clip_options does.
  PhantomClip(const PhantomOptions& drawing, const PhantomClipOptions& options, std::int64_t index);
  ~PhantomClip();
  PhantomClip(const PhantomClip&) = delete;
  PhantomClip& operator=(const PhantomClip&) = delete;

  const PhantomClipTruth& truth() const;

  /// Frame number `frame`: 8-bit RGB.
  Frame draw(int frame) const;

  /// The whole tissue as one clean still: no motion, no gaps in the blood. Its truth is that of the clip.
  Frame draw_still() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The truth as JSON, with the options. `file_name` is that of the clip.
std::string phantom_clip_truth_json(const PhantomOptions& drawing, const PhantomClipOptions& options,
                                    const std::string& file_name, const PhantomClipTruth& truth);

}  // namespace capillaryx
