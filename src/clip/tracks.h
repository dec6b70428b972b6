// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "capillaryx/frame_result.h"
#include "clip/pose.h"
#include "clip/votes.h"

namespace capillaryx {

/// One capillary through the frames of a clip.
struct Track {
  std::array<std::int64_t, 4> box_sum{};  ///< left, top, right, bottom on the map, 1/16 px, of `boxes` frames
  int boxes = 0;
  bool whole = false;  ///< it was found uncut by the frame's border
  OutlineVotes votes;
  std::vector<std::int8_t> evidence;  ///< of each frame up to its last: log odds (evidence::of), or kNone
  std::vector<bool> seen;             ///< in which of them it was found

  static constexpr std::int8_t kNone = -128;
  double side(std::size_t i) const { return static_cast<double>(box_sum[i]) / (16.0 * boxes); }
  int times_seen() const;
};

/// The identity of capillaries over the usable, registered frames of a clip: greedy one-to-one matching of boxes in map
/// coordinates, ties by index. Threads: one call at a time for an instance.
class Tracks {
 public:
  /// `width`, `height`: of the frames, px.
  Tracks(int width, int height) : width_(width), height_(height) {}

  void add(const FrameResult& frame, const Pose& pose);

  /// Joins tracks that overlap and were never seen together: one capillary under two names.
  void merge();

  const std::vector<Track>& tracks() const { return tracks_; }
  std::size_t bytes() const;

 private:
  struct Found {
    std::array<double, 4> box{};  ///< left, top, right, bottom on the map, px
    int evidence = 0;
    bool cut = false;
  };
  std::array<double, 4> on_map(const std::array<int, 4>& bbox, const Pose& pose) const;
  void take(Track& track, const Found& found, const Capillary& capillary, const Pose& pose);
  static bool seen_together(const Track& a, const Track& b);

  int width_, height_;
  std::size_t frames_ = 0;
  std::vector<Track> tracks_;
};

}  // namespace capillaryx
