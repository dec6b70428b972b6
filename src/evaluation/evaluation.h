// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/matching.h"
#include "sink/bootstrap.h"

namespace capillaryx {

/// A detected capillary.
struct Detection {
  Box box;
  double score = 1;
  double area_px = 0;
};

/// A labelled capillary.
struct Label {
  Box box;
  double area_px = 0;
};

/// A frame with its labels and what was detected on it.
struct LabelledFrame {
  std::int64_t id = 0;  ///< as the labels have it
  std::string name;     ///< file name, as the labels have it
  int width = 0;        ///< px, as the labels have it; 0: unknown
  int height = 0;
  std::vector<Label> capillaries;  ///< what has to be found
  std::vector<Box> ambiguous;      ///< COCO's crowd regions: neither rewarded nor punished
  std::vector<Detection> detections;
};

/// How detections agree with labels, over one frame or several. Fractions.
struct Agreement {
  int capillaries = 0;
  int detections = 0;
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  double count_error = 0;           ///< |detected - labelled| / labelled
  double density_error = 0;         ///< |detected area - labelled area| / labelled area
  double scaled_density_error = 0;  ///< the same once each detected area is divided by the one density scale
  /// By hits, whatever the IoU: whether a capillary was found, not how it was outlined.
  double hit_precision = 0;
  double hit_recall = 0;
  double hit_f1 = 0;
};

/// A labelled capillary and the detection that matches it.
struct MatchedLabel {
  Box label;
  Detection detection;
  double iou = 0;
};

/// Agreement on one frame, and what was right and wrong.
struct FrameAgreement : Agreement {
  std::vector<MatchedLabel> matches;    ///< in score order
  std::vector<Box> missed;              ///< labelled capillaries without a match, in the order of the labels
  std::vector<Detection> false_alarms;  ///< detections that count as wrong, the surest first
};

/// Agreement over all frames: precision, recall and F1 over all detections together, errors as means over frames.
struct TotalAgreement : Agreement {
  double ap = 0;             ///< average precision over 101 points of recall, as COCO has it
  double density_scale = 0;  ///< median over frames of detected area / labelled area
};

/// 95 % intervals of the total, by bootstrap over frames (never over regions). Absent below two frames.
struct AgreementIntervals {
  Interval precision, recall, f1, ap, hit_precision, hit_recall, hit_f1;
  Interval count_error, density_error, density_scale, scaled_density_error;
};

struct Evaluation {
  double iou = 0;
  TotalAgreement total;
  std::optional<AgreementIntervals> intervals;
  std::vector<FrameAgreement> frames;  ///< one a frame, in the order given
};

/// Compares detections with labels as pycocotools does. One-to-one, in score order (ties in the order given), each to
/// the free labelled capillary of largest box IoU, a match if that is `iou` or more. An unmatched detection is a false
/// alarm, unless a share of at least `iou` of its box lies on an ambiguous region: then it counts in no figure.
/// Hits: one-to-one, the nearest first, a detection hits a capillary if the middle of its box lies inside the labelled
/// box. Throws Error (kUsage) if there is no frame or `iou` is not in (0, 1].
Evaluation evaluate(const std::vector<LabelledFrame>& frames, double iou);

}  // namespace capillaryx
