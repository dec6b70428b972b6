// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/network_spec.h"

namespace capillaryx {

/// What a network gives.
enum class NetworkTask {
  kRegion,        ///< the probability of a region that the program proposed: src/analysis runs it
  kSegmentation,  ///< the probability, or the class, of each pixel
  kDetection,     ///< boxes with scores
  kFrame,         ///< classes or values of the whole frame
};
const char* to_string(NetworkTask value);

/// How a frame becomes the network's input.
enum class FrameFit {
  kTile,       ///< tiles with overlap, at the frame's own resolution
  kWhole,      ///< at once, at the frame's own resolution (a network whose sides are open)
  kStretch,    ///< resized to the input, whatever its aspect
  kLetterbox,  ///< resized to the input, its aspect kept; bars beside it
};
const char* to_string(FrameFit value);

/// What lies beyond the frame where a tile reaches over its border.
enum class FramePadding { kEdge, kReflect, kZero };

/// What the numbers of a network are.
enum class NetworkValues {
  kProbability,
  kLogits,   ///< before softmax (several) or sigmoid (one)
  kClasses,  ///< of segmentation: the number of each pixel's class
};

/// A network over whole frames, as a JSON object describes it: beside its file, or in the ONNX metadata.
/// docs/networks.md has the keys, docs/network.schema.json their schema.
struct FrameNetworkSpec {
  static constexpr int kDefaultTilePx = 512, kDefaultOverlapPx = 64;

  NetworkTask task = NetworkTask::kSegmentation;
  InputKind input = InputKind::kRgb;  ///< never kLocalContrast
  std::optional<bool> channels_last;
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> scale{1, 1, 1};
  FramePadding padding = FramePadding::kEdge;
  std::optional<FrameFit> fit;
  std::optional<int> width, height;  ///< of the input if its file leaves them open, px
  int overlap = kDefaultOverlapPx;   ///< of neighbouring tiles, px
  int multiple = 1;                  ///< that sides and places of tiles must be of: the network's total stride, px
  NetworkValues values = NetworkValues::kProbability;
  std::optional<int> capillary_class;
  std::optional<double> threshold;    ///< instead of Options::min_score
  std::vector<std::string> columns;   ///< detection: what each number of a box is
  std::string boxes, scores, labels;  ///< detection: names of outputs, where there are several
  bool normalised = false;            ///< detection: coordinates are 0..1 of the input, not pixels of it
  std::optional<double> nms;          ///< detection: boxes that overlap by more (IoU) are one
  std::vector<std::string> classes;   ///< frame: names of its probabilities
  std::vector<std::string> names;     ///< frame: names of its values
  std::string about;                  ///< for people
};

/// The task that the JSON names; absent where it names none, or there is no JSON. Throws Error (kModel).
std::optional<NetworkTask> named_task(std::string_view json, const std::string& where);

/// Reads the JSON of a network of that task. Throws Error (kModel) that says what to do: an unknown key is refused with
/// the nearest known one. `where` names the JSON in messages.
FrameNetworkSpec parse_frame_network(std::string_view json, const std::string& where, NetworkTask task);

}  // namespace capillaryx
