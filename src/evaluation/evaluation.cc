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

double intersection(const Box& a, const Box& b) {
  const double width = std::max(0.0, std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x));
  const double height = std::max(0.0, std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y));
  return width * height;
}

/// Whether at least half of `a` lies in `b`.
bool mostly_inside(const Box& a, const Box& b) {
  const double area = a.width * a.height;
  return area != 0 && intersection(a, b) / area >= 0.5;
}

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
  int right = 0;
  std::vector<Box> missed;
  std::vector<Detection> wrong;
  int counted = 0;  ///< detections but those that cannot be told
  double detected_px = 0;
  double labelled_px = 0;

  double count_error() const { return std::abs(counted - labelled) / std::max(1.0, static_cast<double>(labelled)); }
  double density_error() const { return std::abs(detected_px - labelled_px) / std::max(1.0, labelled_px); }
  double density_ratio() const { return detected_px / std::max(1.0, labelled_px); }
};

Matched match(const LabelledFrame& frame, double iou, std::uint32_t number, std::vector<Flag>& flags) {
  Matched matched;
  matched.labelled = static_cast<int>(frame.capillaries.size());
  matched.detections = static_cast<int>(frame.detections.size());
  std::vector<Detection> in_score_order = frame.detections;
  std::stable_sort(in_score_order.begin(), in_score_order.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  std::vector<bool> used(frame.capillaries.size());
  for (const Detection& detection : in_score_order) {
    double best = 0;
    std::size_t best_label = 0;
    for (std::size_t i = 0; i < frame.capillaries.size(); ++i) {
      const double overlap = used[i] ? 0 : box_iou(detection.box, frame.capillaries[i].box);
      if (overlap > best) {
        best = overlap;
        best_label = i;
      }
    }
    const auto lies_on = [&](const Box& box) { return mostly_inside(detection.box, box); };
    if (best >= iou) {
      used[best_label] = true;
      ++matched.right;
      flags.push_back({detection.score, true, number});
    } else if (std::any_of(frame.cannot_tell.begin(), frame.cannot_tell.end(), lies_on)) {
      continue;
    } else if (std::none_of(frame.capillaries.begin(), frame.capillaries.end(),
                            [&](const Label& label) { return lies_on(label.box); })) {
      matched.wrong.push_back(detection);
      flags.push_back({detection.score, false, number});
    }
    ++matched.counted;
    matched.detected_px += detection.area_px;
  }
  for (std::size_t i = 0; i < frame.capillaries.size(); ++i) {
    matched.labelled_px += frame.capillaries[i].area_px;
    if (!used[i]) matched.missed.push_back(frame.capillaries[i].box);
  }
  return matched;
}

void set_precision_recall(Agreement& agreement, double right, double wrong, double labelled) {
  agreement.precision = right / std::max(1.0, right + wrong);
  agreement.recall = right / std::max(1.0, labelled);
  agreement.f1 = 2 * agreement.precision * agreement.recall / std::max(1e-9, agreement.precision + agreement.recall);
}

/// Area under the precision-recall curve, precision made falling from the right. `times[i]`: how often frame i stands
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
  double area = 0;
  double before = 0;
  for (const auto& [recall, precision] : curve) {
    area += (recall - before) * precision;
    before = recall;
  }
  return area;
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
  std::vector<double> ratios;
  std::vector<int> times(frames.size());
  for (const std::uint32_t number : drawn) {
    const Matched& frame = frames[number];
    ++times[number];
    total.capillaries += frame.labelled;
    total.detections += frame.detections;
    right += frame.right;
    wrong += static_cast<double>(frame.wrong.size());
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
  set_precision_recall(total, right, wrong, total.capillaries);
  total.ap = average_precision(flags, times, total.capillaries);
  return total;
}

}  // namespace

double box_iou(const Box& a, const Box& b) {
  const double shared = intersection(a, b);
  return shared != 0 ? shared / (a.width * a.height + b.width * b.height - shared) : 0;
}

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
    set_precision_recall(agreement, frame.right, static_cast<double>(frame.wrong.size()), frame.labelled);
    agreement.count_error = frame.count_error();
    agreement.density_error = frame.density_error();
    agreement.scaled_density_error = scaled_error(frame.density_ratio(), evaluation.total.density_scale);
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
                                            interval(&Total::count_error),
                                            interval(&Total::density_error),
                                            interval(&Total::density_scale),
                                            interval(&Total::scaled_density_error)};
  return evaluation;
}

}  // namespace capillaryx
