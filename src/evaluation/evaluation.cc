// SPDX-License-Identifier: Apache-2.0
#include "evaluation/evaluation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

/// A detection that counts as right or wrong.
struct Flag {
  double score = 0;
  bool right = false;
  std::uint32_t frame = 0;
};

/// What matching gives of one frame.
struct Matched {
  int labelled = 0;
  int detections = 0;
  std::vector<MatchedLabel> right;
  std::vector<Detection> wrong;
  std::vector<Box> missed;
  int hits = 0;
  int stray = 0;    ///< detections that hit nothing, but those on ambiguous regions
  int counted = 0;  ///< detections but those on ambiguous regions
  double detected_px = 0;
  double labelled_px = 0;

  double count_error() const { return std::abs(counted - labelled) / std::max(1.0, static_cast<double>(labelled)); }
  double density_error() const { return std::abs(detected_px - labelled_px) / std::max(1.0, labelled_px); }
  double density_ratio() const { return detected_px / std::max(1.0, labelled_px); }
};

/// Counts the hits of one frame. `detections` in score order.
void count_hits(std::span<const Box> detections, std::span<const Box> labels, std::span<const Box> ambiguous,
                Matched& matched) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < detections.size(); ++i) {
    for (std::size_t k = 0; k < labels.size(); ++k) {
      if (holds_middle(labels[k], detections[i])) pairs.push_back({middle_distance(detections[i], labels[k]), i, k});
    }
  }
  std::vector<bool> hit(detections.size());
  for (const Pair& pair : match_lowest_cost_first(std::move(pairs))) {
    hit[pair.detection] = true;
    ++matched.hits;
  }
  for (std::size_t i = 0; i < detections.size(); ++i) {
    const auto holds = [&](const Box& box) { return holds_middle(box, detections[i]); };
    if (!hit[i] && std::none_of(ambiguous.begin(), ambiguous.end(), holds)) ++matched.stray;
  }
}

Matched match(const LabelledFrame& frame, double iou, std::uint32_t number, std::vector<Flag>& flags) {
  Matched matched;
  matched.labelled = static_cast<int>(frame.capillaries.size());
  matched.detections = static_cast<int>(frame.detections.size());
  std::vector<Detection> in_score_order = frame.detections;
  std::stable_sort(in_score_order.begin(), in_score_order.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  std::vector<Box> detections, labels;
  for (const Detection& detection : in_score_order) detections.push_back(detection.box);
  for (const Label& label : frame.capillaries) {
    labels.push_back(label.box);
    matched.labelled_px += label.area_px;
  }
  count_hits(detections, labels, frame.ambiguous, matched);
  const auto label_of = match_as_coco(detections, labels, iou);
  std::vector<bool> found(labels.size());
  for (std::size_t i = 0; i < detections.size(); ++i) {
    const Detection& detection = in_score_order[i];
    const auto lies_on = [&](const Box& box) { return share_inside(detection.box, box) >= iou; };
    if (label_of[i]) {
      const Box& label = labels[*label_of[i]];
      found[*label_of[i]] = true;
      matched.right.push_back({label, detection, box_iou(detection.box, label)});
    } else if (std::any_of(frame.ambiguous.begin(), frame.ambiguous.end(), lies_on)) {
      continue;
    } else {
      matched.wrong.push_back(detection);
    }
    flags.push_back({detection.score, label_of[i].has_value(), number});
    ++matched.counted;
    matched.detected_px += detection.area_px;
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!found[i]) matched.missed.push_back(labels[i]);
  }
  return matched;
}

struct PrecisionRecall {
  double precision = 0, recall = 0, f1 = 0;
};

PrecisionRecall precision_recall(double right, double wrong, double labelled) {
  PrecisionRecall found;
  found.precision = right / std::max(1.0, right + wrong);
  found.recall = right / std::max(1.0, labelled);
  found.f1 = 2 * found.precision * found.recall / std::max(1e-9, found.precision + found.recall);
  return found;
}

/// Sets the figures of boxes and of hits.
void set_shares(Agreement& agreement, double right, double wrong, double hits, double stray) {
  const PrecisionRecall boxes = precision_recall(right, wrong, agreement.capillaries);
  agreement.precision = boxes.precision;
  agreement.recall = boxes.recall;
  agreement.f1 = boxes.f1;
  const PrecisionRecall middles = precision_recall(hits, stray, agreement.capillaries);
  agreement.hit_precision = middles.precision;
  agreement.hit_recall = middles.recall;
  agreement.hit_f1 = middles.f1;
}

/// Mean of the precision at recalls 0, 0.01, ..., 1, made monotone from the right. `times[i]`: how often frame i stands
/// in the sample. `flags` in score order.
double average_precision(std::span<const Flag> flags, std::span<const int> times, double labelled) {
  std::vector<std::pair<double, double>> curve;
  double right = 0;
  double wrong = 0;
  for (const Flag& flag : flags) {
    for (int i = 0; i < times[flag.frame]; ++i) {
      (flag.right ? right : wrong) += 1;
      curve.emplace_back(right / std::max(1.0, labelled), right / (right + wrong));
    }
  }
  for (std::size_t i = curve.size(); i-- > 1;) {
    curve[i - 1].second = std::max(curve[i - 1].second, curve[i].second);
  }
  constexpr int kSteps = 100;
  double sum = 0;
  std::size_t point = 0;
  for (int step = 0; step <= kSteps; ++step) {
    const double recall = step < kSteps ? step * 0.01 : 1.0;  // numpy.linspace(0, 1, 101)
    while (point < curve.size() && curve[point].first < recall) ++point;
    if (point < curve.size()) sum += curve[point].second;
  }
  return sum / (kSteps + 1);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[values.size() / 2] + values[(values.size() - 1) / 2]) / 2;
}

double scaled_error(double ratio, double scale) { return scale != 0 ? std::abs(ratio / scale - 1) : 1; }

/// The total over the frames `drawn` (each as often as it is named).
TotalAgreement total_of(std::span<const Matched> frames, std::span<const Flag> flags,
                        std::span<const std::uint32_t> drawn) {
  TotalAgreement total;
  double right = 0;
  double wrong = 0;
  double hits = 0;
  double stray = 0;
  std::vector<double> ratios;
  std::vector<int> times(frames.size());
  for (const std::uint32_t number : drawn) {
    const Matched& frame = frames[number];
    ++times[number];
    total.capillaries += frame.labelled;
    total.detections += frame.detections;
    right += static_cast<double>(frame.right.size());
    wrong += static_cast<double>(frame.wrong.size());
    hits += frame.hits;
    stray += frame.stray;
    total.count_error += frame.count_error();
    total.density_error += frame.density_error();
    ratios.push_back(frame.density_ratio());
  }
  const auto count = static_cast<double>(drawn.size());
  total.count_error /= count;
  total.density_error /= count;
  total.density_scale = median(ratios);
  for (const double ratio : ratios) total.scaled_density_error += scaled_error(ratio, total.density_scale);
  total.scaled_density_error /= count;
  set_shares(total, right, wrong, hits, stray);
  total.ap = average_precision(flags, times, total.capillaries);
  return total;
}

}  // namespace

Evaluation evaluate(const std::vector<LabelledFrame>& frames, double iou) {
  if (frames.empty()) throw Error(ErrorKind::kUsage, "the labels name no frame: nothing can be evaluated");
  if (!(iou > 0 && iou <= 1)) throw Error(ErrorKind::kUsage, "IoU must be more than 0 and at most 1");
  std::vector<Flag> flags;
  std::vector<Matched> matched;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    matched.push_back(match(frames[i], iou, static_cast<std::uint32_t>(i), flags));
  }
  std::stable_sort(flags.begin(), flags.end(), [](const Flag& a, const Flag& b) { return a.score > b.score; });

  Evaluation evaluation;
  evaluation.iou = iou;
  std::vector<std::uint32_t> once(frames.size());
  std::iota(once.begin(), once.end(), 0);
  evaluation.total = total_of(matched, flags, once);
  for (const Matched& frame : matched) {
    FrameAgreement& agreement = evaluation.frames.emplace_back();
    agreement.capillaries = frame.labelled;
    agreement.detections = frame.detections;
    set_shares(agreement, static_cast<double>(frame.right.size()), static_cast<double>(frame.wrong.size()), frame.hits,
               frame.stray);
    agreement.count_error = frame.count_error();
    agreement.density_error = frame.density_error();
    agreement.scaled_density_error = scaled_error(frame.density_ratio(), evaluation.total.density_scale);
    agreement.matches = frame.right;
    agreement.missed = frame.missed;
    agreement.false_alarms = frame.wrong;
  }
  if (frames.size() < 2) return evaluation;
  std::vector<TotalAgreement> resampled;
  resampled.reserve(kBootstrapResamples);
  bootstrap(frames.size(),
            [&](std::span<const std::uint32_t> drawn) { resampled.push_back(total_of(matched, flags, drawn)); });
  const auto interval = [&](auto member) {
    std::vector<double> values;
    for (const TotalAgreement& each : resampled) values.push_back(each.*member);
    return *interval_of(std::move(values));
  };
  using Total = TotalAgreement;
  evaluation.intervals = AgreementIntervals{interval(&Total::precision),
                                            interval(&Total::recall),
                                            interval(&Total::f1),
                                            interval(&Total::ap),
                                            interval(&Total::hit_precision),
                                            interval(&Total::hit_recall),
                                            interval(&Total::hit_f1),
                                            interval(&Total::count_error),
                                            interval(&Total::density_error),
                                            interval(&Total::density_scale),
                                            interval(&Total::scaled_density_error)};
  return evaluation;
}

}  // namespace capillaryx
