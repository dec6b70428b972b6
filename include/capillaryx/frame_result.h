// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capillaryx/frame.h"

namespace capillaryx {

/// One accepted capillary. Coordinates are those of pixel corners: a region that is the single pixel (3, 5) has the
/// box [3, 5, 1, 1].
struct Capillary {
  std::array<int, 4> bbox{};   ///< [min x, min y, width, height], px: the outline's own, in whole pixels
  std::vector<float> polygon;  ///< outline x0, y0, x1, y1, ..., px; closed; inside its box
  int area_px = 0;             ///< pixels inside the outline
  double score = 0;            ///< probability that it is a capillary, 0..1
};

/// A region that the classifier scored and refused. What review and the fusion of a clip need of it.
struct Candidate {
  std::array<int, 4> bbox{};  ///< [min x, min y, width, height] of the region, px
  float score = 0;            ///< probability that it is a capillary, 0..1
};

/// Whether a frame can be used as data, and the numbers that say so.
struct FrameQuality {
  bool usable = true;
  std::vector<std::string> reasons;        ///< why it is not usable; empty if it is
  std::map<std::string, double> measures;  ///< finite, by name
};

enum class Status {
  kOk,       ///< analysed
  kFailed,   ///< could not be analysed; `error` says why
  kDropped,  ///< left out because a live run fell behind
};

/// What may differ between two runs of the same work. Milliseconds.
struct Timing {
  double total_ms = 0;  ///< reading to result, in the worker
  std::map<std::string, double> stages_ms;
  std::optional<double> latency_ms;  ///< capture to result; live runs only
  int worker = 0;
  int attempt = 1;
};

/// A picture that an analyzer made on the way (`--stages`): 8-bit pixels under a name that is a safe file stem.
struct StagePicture {
  std::string name;
  int width = 0;
  int height = 0;
  int channels = 0;  ///< 1, or 3 for red, green, blue
  std::vector<std::uint8_t> pixels;
};

/// What is known of one frame. A plain value.
///
/// An Analyzer fills `capillaries`, `density`, `valid_px` (microcirculation) or `values` (any other algorithm), or
/// both; the worker fills in the rest. The same frame gives the same result on any worker, but for `timing`.
struct FrameResult {
  std::int64_t index = 0;
  std::string source;                        ///< for display, see FrameInfo
  std::string file;                          ///< the input file, see FrameInfo
  std::optional<std::int64_t> page;          ///< from 0; absent for a file that is one picture
  std::shared_ptr<const InputInfo> input{};  ///< what is known of its file; null for a file that is one picture
  std::optional<double> time_s;
  std::string sha256;  ///< of the encoded file, hex; empty for frames that came as pixels
  Status status = Status::kOk;
  std::string error;  ///< why it failed or was dropped
  int width = 0;      ///< px
  int height = 0;     ///< px
  std::vector<Capillary> capillaries;
  std::vector<Candidate> candidates;  ///< regions that were refused, in the order of the frame's rows
  /// Capillary density, area form: pixels inside accepted contours / valid pixels (paper, III-A). Fraction.
  double density = 0;
  std::int64_t valid_px = 0;              ///< pixels of the frame that are not masked out
  std::optional<double> scale_um_per_px;  ///< as given or from the file; there is no default
  std::string scale_from;                 ///< "option", or as InputInfo::scale_from; empty without a scale
  /// Values that became 0 and 255; absent for 8-bit files.
  std::optional<std::array<double, 2>> value_range;
  std::optional<double> magnification;       ///< measured; absent until it is
  std::vector<std::string> notes;            ///< what a reader of this result must know, in words
  std::optional<FrameQuality> quality;       ///< absent if it was not measured
  std::string clip;                          ///< the file whose clip the frame is part of; empty for a still
  std::vector<int> landmarks;                ///< x, y, width of what registration needs, ...; whole px
  std::map<std::string, double> values;      ///< results of any other algorithm, finite
  std::vector<StagePicture> stage_pictures;  ///< only where stages were asked for
  Timing timing;
};

/// FrameResult::scale_from of a scale that an option gave.
inline constexpr const char* kScaleFromOption = "option";

/// Count form of capillary density, n/mm2: count / (valid_px x scale^2 / 1e6). Absent where no scale was given.
std::optional<double> count_per_mm2(const FrameResult& result);

/// Whether a frame enters means and clips: it was analysed, and is usable or kept although it is not.
bool counts(const FrameResult& result, bool keep_unusable);

/// "ok", "failed" or "dropped".
const char* to_string(Status status);

}  // namespace capillaryx
