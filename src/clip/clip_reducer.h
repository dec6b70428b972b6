// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "capillaryx/frame_result.h"
#include "clip/clip_result.h"
#include "clip/registration.h"
#include "clip/tracks.h"

namespace capillaryx {

/// What of the options decides a clip's result.
struct ClipSettings {
  bool keep_unusable = false;
  double least_score = 0.5;
};

/// Makes one result of the frames of a clip. A pure function of their results in frame order: no pixels, no clock. The
/// state of a clip is a few hundred bytes per frame and a few kB per capillary.
/// Threads: one call at a time for an instance.
class ClipReducer {
 public:
  ClipReducer(std::string file, const ClipSettings& settings) : file_(std::move(file)), settings_(settings) {}

  /// Frames in the clip's order, failed and unusable ones too.
  void add(const FrameResult& frame);

  /// The result of all frames so far. The state stays: a live run asks again and again.
  ClipResult result() const;

  std::size_t bytes() const;

 private:
  struct Frame {
    Pose pose;
    bool usable = false;
    bool registered = false;
  };
  void measure(const FrameResult& frame);
  bool place(std::span<const int> landmarks, Frame& here);
  void start_at(const FrameResult& frame);

  std::string file_;
  ClipSettings settings_;
  std::vector<Frame> frames_;
  int counted_ = 0;  ///< frames that may enter the result
  int reference_ = -1;
  int width_ = 0, height_ = 0;
  std::unique_ptr<LandmarkMap> map_;
  std::unique_ptr<Tracks> tracks_;
  int placed_ = 0;      ///< registered frames
  int last_frame_ = 0;  ///< the last of them
  Pose last_;
  double step_x_ = 0, step_y_ = 0;          ///< from frame to frame, 1/16 px
  std::int64_t valid_px_ = 0, all_px_ = 0;  // of registered frames
  std::optional<double> scale_um_per_px_;
  bool one_scale_ = true;
  // For the items of quality.
  std::optional<double> first_s_, last_s_;
  std::vector<float> sharp_shares_, evennesses_, clipped_;
  int smeared_ = 0;
};

}  // namespace capillaryx
