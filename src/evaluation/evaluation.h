// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sink/bootstrap.h"

namespace capillaryx {

/// A box, px.
struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

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
  std::int64_t id = 0;             ///< as the labels have it
  std::string name;                ///< file name, as the labels have it
  std::vector<Label> capillaries;  ///< what has to be found
  std::vector<Box> cannot_tell;    ///< neither rewarded nor punished
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
};

/// Agreement on one frame, and what was got wrong.
struct FrameAgreement : Agreement {
  std::vector<Box> missed;              ///< labelled capillaries without a match, in the order of the labels
  std::vector<Detection> false_alarms;  ///< detections that count as wrong, the surest first
};

/// Agreement over all frames: precision, recall and F1 over all detections together, errors as means over frames.
struct TotalAgreement : Agreement {
  double ap = 0;             ///< average precision, all-point interpolation
  double density_scale = 0;  ///< median over frames of detected area / labelled area
};

/// 95 % intervals of the total, by bootstrap over frames (never over regions). Absent below two frames.
struct AgreementIntervals {
  Interval precision, recall, f1, ap, count_error, density_error, density_scale, scaled_density_error;
};

struct Evaluation {
  double iou = 0;
  TotalAgreement total;
  std::optional<AgreementIntervals> intervals;
  std::vector<FrameAgreement> frames;  ///< one a frame, in the order given
};

/// Compares detections with labels. One-to-one, in score order, each to the free labelled capillary of largest box IoU,
/// a match where that is `iou` or more. A detection without a match counts neither way where at least half of its box
/// lies on a region that cannot be told, or on a labelled capillary (which another detection holds); the former counts
/// in no figure, the latter in count and area. Throws Error (kUsage) where there is no frame or `iou` is not in (0, 1].
Evaluation evaluate(const std::vector<LabelledFrame>& frames, double iou);

/// Intersection over union of two boxes.
double box_iou(const Box& a, const Box& b);

}  // namespace capillaryx
