// SPDX-License-Identifier: Apache-2.0
#include "evaluation/evaluation_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "sink/json_text.h"
#include "sink/notice.h"

namespace capillaryx {
namespace {

using nlohmann::ordered_json;

/// A figure of the total: its key in JSON, and its value.
struct Figure {
  const char* key;
  double TotalAgreement::*value;
  Interval AgreementIntervals::*interval;
};

using Total = TotalAgreement;
using Intervals = AgreementIntervals;
constexpr Figure kPrecision{"precision", &Total::precision, &Intervals::precision};
constexpr Figure kRecall{"recall", &Total::recall, &Intervals::recall};
constexpr Figure kF1{"f1", &Total::f1, &Intervals::f1};
constexpr Figure kAp{"ap", &Total::ap, &Intervals::ap};
constexpr Figure kHitPrecision{"hit_precision", &Total::hit_precision, &Intervals::hit_precision};
constexpr Figure kHitRecall{"hit_recall", &Total::hit_recall, &Intervals::hit_recall};
constexpr Figure kHitF1{"hit_f1", &Total::hit_f1, &Intervals::hit_f1};
constexpr Figure kCountError{"count_error", &Total::count_error, &Intervals::count_error};
constexpr Figure kDensityError{"density_error", &Total::density_error, &Intervals::density_error};
constexpr Figure kDensityScale{"density_scale", &Total::density_scale, &Intervals::density_scale};
constexpr Figure kScaledDensityError{"scaled_density_error", &Total::scaled_density_error,
                                     &Intervals::scaled_density_error};
constexpr std::array kFigures{kPrecision, kRecall,     kF1,           kAp,           kHitPrecision,      kHitRecall,
                              kHitF1,     kCountError, kDensityError, kDensityScale, kScaledDensityError};

/// A row of the table: by boxes at each IoU, and by hits.
struct Row {
  const char* name;
  Figure boxes;
  std::optional<Figure> hits;
};

constexpr std::array kRows{Row{"precision", kPrecision, kHitPrecision},
                           Row{"recall", kRecall, kHitRecall},
                           Row{"F1", kF1, kHitF1},
                           Row{"AP", kAp, std::nullopt},
                           Row{"count error", kCountError, std::nullopt},
                           Row{"density error", kDensityError, std::nullopt},
                           Row{"density scale", kDensityScale, std::nullopt},
                           Row{"scaled density error", kScaledDensityError, std::nullopt}};

std::string cell(const Evaluation& evaluation, const Figure& figure) {
  std::string text = fmt::format("{:.3f}", evaluation.total.*figure.value);
  if (evaluation.intervals) {
    const Interval& interval = *evaluation.intervals.*figure.interval;
    text += fmt::format("  [{:.3f}, {:.3f}]", interval.low, interval.high);
  }
  return text;
}

ordered_json box_json(const Box& box) { return {box.x, box.y, box.width, box.height}; }

ordered_json agreement_json(const std::string& name, const FrameAgreement& agreement) {
  ordered_json matches = ordered_json::array(), missed = ordered_json::array(), false_alarms = ordered_json::array();
  for (const MatchedLabel& match : agreement.matches) {
    matches.push_back({{"bbox", box_json(match.label)},
                       {"detected", box_json(match.detection.box)},
                       {"score", match.detection.score},
                       {"iou", match.iou}});
  }
  for (const Box& box : agreement.missed) missed.push_back(box_json(box));
  for (const Detection& detection : agreement.false_alarms) {
    false_alarms.push_back({{"bbox", box_json(detection.box)}, {"score", detection.score}});
  }
  return {{"image", name},
          {"capillaries", agreement.capillaries},
          {"detections", agreement.detections},
          {"precision", agreement.precision},
          {"recall", agreement.recall},
          {"f1", agreement.f1},
          {"hit_precision", agreement.hit_precision},
          {"hit_recall", agreement.hit_recall},
          {"hit_f1", agreement.hit_f1},
          {"count_error", agreement.count_error},
          {"density_error", agreement.density_error},
          {"scaled_density_error", agreement.scaled_density_error},
          {"matches", std::move(matches)},
          {"missed", std::move(missed)},
          {"false_alarms", std::move(false_alarms)}};
}

ordered_json total_json(const Evaluation& evaluation) {
  ordered_json total{
      {"image", "all"}, {"capillaries", evaluation.total.capillaries}, {"detections", evaluation.total.detections}};
  for (const Figure& figure : kFigures) total[figure.key] = evaluation.total.*figure.value;
  return total;
}

ordered_json intervals_json(const Evaluation& evaluation) {
  if (!evaluation.intervals) return nullptr;
  ordered_json intervals;
  for (const Figure& figure : kFigures) {
    const Interval& interval = *evaluation.intervals.*figure.interval;
    intervals[figure.key] = {interval.low, interval.high};
  }
  return intervals;
}

}  // namespace

std::string evaluation_text(const std::vector<Evaluation>& evaluations, const std::vector<LabelledFrame>& frames,
                            const std::string& labels) {
  const Evaluation& first = evaluations.front();
  std::size_t ambiguous = 0;
  std::size_t widest = 5;
  for (const LabelledFrame& frame : frames) {
    ambiguous += frame.ambiguous.size();
    widest = std::clamp(clean_utf8(frame.name).size(), widest, std::size_t{40});
  }
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out,
                 "Agreement with {}: {} frames, {} labelled capillaries, {} detections; {} ambiguous regions.\n"
                 "This is agreement with those labels, not clinical accuracy.\n\n{:22}",
                 labels, frames.size(), first.total.capillaries, first.total.detections, ambiguous, "");
  for (const Evaluation& evaluation : evaluations) {
    fmt::format_to(out, "{:<26}", fmt::format("box IoU >= {:g}", evaluation.iou));
  }
  text += "hits\n";
  for (const Row& row : kRows) {
    fmt::format_to(out, "{:22}", row.name);
    for (const Evaluation& evaluation : evaluations) fmt::format_to(out, "{:<26}", cell(evaluation, row.boxes));
    text += row.hits ? cell(first, *row.hits) : "";
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  fmt::format_to(out,
                 "\nBox IoU >= {:g}, frame by frame\n{:{}}  labelled  detected  precision  recall     F1   count  "
                 "density   scaled\n",
                 first.iou, "frame", widest);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Agreement& agreement = first.frames[i];
    fmt::format_to(out, "{:{}}  {:8}  {:8}  {:9.3f}  {:6.3f}  {:5.3f}  {:6.3f}  {:7.3f}  {:7.3f}\n",
                   clean_utf8(frames[i].name).substr(0, widest), widest, agreement.capillaries, agreement.detections,
                   agreement.precision, agreement.recall, agreement.f1, agreement.count_error, agreement.density_error,
                   agreement.scaled_density_error);
  }
  fmt::format_to(
      out,
      "\nMatching and AP are COCO's (pycocotools). Hits: the middle of the detected box lies inside the labelled "
      "box, whatever\nthe outline. An unmatched detection on an ambiguous region counts in no figure.\n"
      "Errors of count and density are |detected - labelled| / labelled, means over frames; scaled: areas "
      "divided by the density\nscale, the median over frames of detected / labelled area.\n");
  if (first.intervals) {
    fmt::format_to(out, "In brackets: 95 % intervals, percentile bootstrap over frames, B = {}, seed {}.\n",
                   kBootstrapResamples, kBootstrapSeed);
  }
  fmt::format_to(out, "{}; {}.\n", kNotice, kDefinitions);
  return text;
}

ordered_json evaluation_json(const std::vector<Evaluation>& evaluations, const std::vector<LabelledFrame>& frames,
                             const std::string& labels) {
  const Evaluation& first = evaluations.front();
  ordered_json object{{"labels", clean_utf8(labels)}, {"iou", first.iou}, {"total", total_json(first)}};
  object["intervals"] = intervals_json(first);
  object["interval_method"] = {{"level", 0.95},
                               {"method", "percentile bootstrap over frames"},
                               {"resamples", kBootstrapResamples},
                               {"seed", kBootstrapSeed}};
  object["images"] = ordered_json::array();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    object["images"].push_back(agreement_json(clean_utf8(frames[i].name), first.frames[i]));
  }
  object["others"] = ordered_json::array();
  for (std::size_t i = 1; i < evaluations.size(); ++i) {
    object["others"].push_back({{"iou", evaluations[i].iou},
                                {"total", total_json(evaluations[i])},
                                {"intervals", intervals_json(evaluations[i])}});
  }
  object["notice"] = kNotice;
  object["definitions"] = kDefinitions;
  return object;
}

}  // namespace capillaryx
