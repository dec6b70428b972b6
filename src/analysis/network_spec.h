// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace capillaryx {

/// What the planes of a network's input hold.
enum class InputKind {
  /// Darkness, redness, blueness against the local background; and, as a fourth plane, what belongs to the region (all
  /// four are what the shipped network takes).
  kLocalContrast,
  kRgb,   ///< pixels, red first
  kBgr,   ///< pixels, blue first
  kGrey,  ///< one plane: 0.299 red + 0.587 green + 0.114 blue
};
const char* to_string(InputKind value);

/// How a network wants its regions and what its numbers mean.
struct NetworkSpec {
  InputKind input = InputKind::kLocalContrast;
  int width = 0;               ///< px
  int height = 0;              ///< px
  int channels = 0;            ///< 1 or 3; 3 or 4 of local contrast
  bool channels_last = false;  ///< [batch, height, width, channels], else [batch, channels, height, width]
  /// Pixels 0..255 enter as (pixel - mean) / scale; local contrast enters as it is.
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> scale{1, 1, 1};
  int outputs = 0;                  ///< numbers a region
  int capillary_class = 0;          ///< which of them is the probability of a capillary
  bool logits = false;              ///< numbers before softmax (several) or sigmoid (one)
  std::optional<double> threshold;  ///< smallest probability that counts, instead of Options::min_score
  /// Of the regions that it was calibrated on, the part that were capillaries; see fit_to_prevalence().
  std::optional<double> usual_share;

  int input_size() const { return width * height * channels; }
};

/// What is said about a network in words, as its file alone cannot: a JSON object, either in the ONNX metadata under
/// the key "capillaryx" or in a file beside the network named like it with ".json" added (which then stands alone).
///
///     {"input": "rgb", "mean": [0, 0, 0], "scale": [255, 255, 255], "capillary_class": 1, "threshold": 0.5}
///
/// Keys: input (local_contrast, rgb, bgr, grey), mean, scale (a number or one a channel), layout (nchw, nhwc), width,
/// height, output (probability, logits), capillary_class, threshold, usual_share. Other keys but "about" are refused.
struct NetworkNotes {
  std::optional<InputKind> input;
  std::optional<bool> channels_last;
  std::optional<int> width, height;
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> scale{1, 1, 1};
  std::optional<int> capillary_class;
  bool logits = false;
  std::optional<double> threshold, usual_share;
  std::string about;  ///< for people
};

/// Reads the JSON. Throws Error (kModel); `where` names it in the message.
NetworkNotes parse_network_notes(std::string_view json, const std::string& where);

/// One side of a tensor; absent where the file leaves it open.
using TensorShape = std::vector<std::optional<std::int64_t>>;

/// Joins what the file shows with what is said of it. Nothing is guessed: what neither tells is an Error (kModel) that
/// says what was found, what is expected and what to write. `name` is the network's, for messages.
NetworkSpec make_network_spec(const std::string& name, const TensorShape& input, const TensorShape& output,
                              const std::optional<NetworkNotes>& notes);

}  // namespace capillaryx
