// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "clip/pose.h"

namespace capillaryx {

/// The landmarks of a clip in the coordinates of its reference frame, gathered from the frames that have been placed on
/// it, and the placing of further frames. Order matters: frames come as they were taken. Whole numbers and + - * / on
/// doubles: the same on every machine. Threads: one call at a time for an instance.
class LandmarkMap {
 public:
  /// `width`, `height`: of the frames, px.
  LandmarkMap(int width, int height) : width_(width), height_(height) {}

  /// Where a frame with `landmarks` (FrameResult::landmarks) lies, or nothing if that is not sure. Looks within
  /// `reach_px` of `near` first: at least six dark landmarks and a quarter of them must agree, with twice the weight of
  /// any other place (one and a half times if half of them agree). Then over the whole field: half of them must agree,
  /// with three times the weight. Bright ones do not count: glare stands still while the tissue moves.
  std::optional<Pose> locate(std::span<const int> landmarks, const Pose& near, int reach_px);

  /// Takes up the landmarks of a frame that lies at `pose`.
  void add(std::span<const int> landmarks, const Pose& pose);

  bool empty() const { return points_.empty(); }
  std::size_t bytes() const { return points_.capacity() * sizeof(Point); }

 private:
  struct Point {
    std::int64_t sum_x = 0, sum_y = 0;  ///< 1/16 px, of `seen` places
    int seen = 0;
    int since = 0;        ///< frames added before it
    double x = 0, y = 0;  ///< px, their mean
  };
  struct Pair {
    ClipPoint from, to;  ///< frame, map; relative to the frame's middle
    int weight;
  };
  std::optional<Pose> locate_within(std::span<const int> landmarks, const Pose& near, int reach_px, bool far);
  std::vector<Pose> peaks(std::span<const int> landmarks, const Pose& near, int reach_px);
  bool collect(std::span<const int> landmarks, const Pose& pose, double radius);
  std::optional<Pose> refine(std::span<const int> landmarks, Pose pose);
  ClipPoint middle() const { return {width_ / 2.0, height_ / 2.0}; }
  ClipPoint place_of(std::span<const int> landmarks, std::size_t i) const {
    return {landmarks[i] / 16.0, landmarks[i + 1] / 16.0};
  }

  int width_, height_;
  int frames_ = 0;
  std::vector<Point> points_;
  std::vector<int> votes_, sums_;
  std::vector<Pair> pairs_;
  std::vector<double> values_;
};

}  // namespace capillaryx
