// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "capillaryx/frame.h"
#include "capillaryx/options.h"
#include "networks/frame_network_spec.h"

namespace cv {
class Mat;
}

namespace capillaryx {

struct NetworkFile;

/// A box that a detector gave, pixels of the frame.
struct DetectedBox {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  float score = 0;
};

/// What the network gives: what its notes name as the task, else what its output shows. A network whose output has the
/// frame's two sides is a segmentation; all others are region classifiers.
NetworkTask task_of(const NetworkFile& file);
/// The same of a file, which is read for it; an empty one is the shipped network. Throws Error (kModel).
NetworkTask task_of(const std::string& file);

/// A network over whole frames, on one thread of this processor. Once made, it opens no file and makes no thread.
/// The functions throw std::runtime_error, which spoils the frame, if its numbers are no probabilities or not finite.
/// Threads: one call at a time for an instance. Memory is used again.
class FrameNetwork {
 public:
  /// Throws Error (kModel) that says what was found, what is expected and what to do.
  FrameNetwork(NetworkFile file, InferencePrecision precision);
  FrameNetwork(const std::string& file, InferencePrecision precision);
  ~FrameNetwork();
  FrameNetwork(const FrameNetwork&) = delete;
  FrameNetwork& operator=(const FrameNetwork&) = delete;

  const ModelIdentity& identity() const;
  const FrameNetworkSpec& spec() const;
  /// What it is, a line each, for people.
  std::string describe() const;

  /// Segmentation: the probability of a capillary at each pixel, 0..1 (CV_32F, the frame's size).
  void segment(const PixelView& frame, cv::Mat& probability);

  /// Detection: boxes inside the frame with `least_score` or more, best first, at most kMostBoxes; doubles are dropped.
  void detect(const PixelView& frame, float least_score, std::vector<DetectedBox>& boxes);
  static constexpr std::size_t kMostBoxes = 5000;

  /// Frame: its numbers, in the order of their names.
  std::vector<double> measure(const PixelView& frame);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace capillaryx
