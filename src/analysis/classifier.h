// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analysis/background.h"
#include "analysis/network_spec.h"
#include "analysis/reduced_frame.h"
#include "analysis/rois.h"
#include "capillaryx/frame.h"
#include "capillaryx/options.h"

namespace capillaryx {

/// Tells capillaries from other regions by a network (paper, III-A; OpenVINO, one thread, f32 or bf16).
///
/// A region's probability is the same bit for bit in whatever company and whichever place it comes: regions go through
/// in batches of one size, the last one filled up with zeros.
/// Once made, it opens no file and makes no thread.
/// Threads: one call at a time for an instance.
class Classifier {
 public:
  /// Regions that go through the network at once.
  static constexpr std::size_t kBatch = 8;

  /// `model_file` as Options::model: empty for the shipped network. Throws Error (kModel), also where this processor
  /// has no instructions for the precision.
  explicit Classifier(const std::string& model_file, InferencePrecision precision = InferencePrecision::kF32);
  ~Classifier();
  Classifier(const Classifier&) = delete;
  Classifier& operator=(const Classifier&) = delete;

  const ModelIdentity& identity() const;
  const NetworkSpec& spec() const;
  const std::string& format() const;      ///< "ONNX", ...
  const std::string& about() const;       ///< what its notes tell people
  const std::string& notes_from() const;  ///< where the network's notes were found

  /// The probability of each region of a frame. `reduced` is its half, `background` was fitted to it, `runs` hold the
  /// regions' pixels (Rois::runs).
  /// Throws std::runtime_error, which spoils the frame, where the network gives something that is no probability.
  void classify(const PixelView& frame, const ReducedFrame& reduced, const Background& background,
                std::span<const Roi> rois, std::span<const Run> runs, std::vector<float>& scores);

  /// The same for inputs that are there already, spec().input_size() values each.
  void classify(std::span<const float> inputs, std::vector<float>& scores);

 private:
  struct State;
  void put(std::span<const float> input, std::size_t place);
  void run_batch(std::size_t count, std::vector<float>& scores);
  std::unique_ptr<State> state_;
};

}  // namespace capillaryx
