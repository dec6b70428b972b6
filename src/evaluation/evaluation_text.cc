// SPDX-License-Identifier: Apache-2.0
#include "evaluation/evaluation_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "sink/json_text.h"
#include "sink/notice.h"

namespace capillaryx {
namespace {

using nlohmann::ordered_json;

/// A figure of the total: its key in JSON, its name for a person, where it stands.
struct Figure {
  const char* key;
  const char* name;
  double TotalAgreement::*value;
  Interval AgreementIntervals::*interval;
};

constexpr std::array kFigures{
    Figure{"precision", "precision", &TotalAgreement::precision, &AgreementIntervals::precision},
    Figure{"recall", "recall", &TotalAgreement::recall, &AgreementIntervals::recall},
    Figure{"f1", "F1", &TotalAgreement::f1, &AgreementIntervals::f1},
    Figure{"ap", "AP", &TotalAgreement::ap, &AgreementIntervals::ap},
    Figure{"count_error", "count error", &TotalAgreement::count_error, &AgreementIntervals::count_error},
    Figure{"density_error", "density error", &TotalAgreement::density_error, &AgreementIntervals::density_error},
    Figure{"density_scale", "density scale", &TotalAgreement::density_scale, &AgreementIntervals::density_scale},
    Figure{"scaled_density_error", "scaled density error", &TotalAgreement::scaled_density_error,
           &AgreementIntervals::scaled_density_error}};

ordered_json box_json(const Box& box) { return {box.x, box.y, box.width, box.height}; }

ordered_json agreement_json(const std::string& name, const FrameAgreement& agreement) {
  ordered_json missed = ordered_json::array(), false_alarms = ordered_json::array();
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
          {"count_error", agreement.count_error},
          {"density_error", agreement.density_error},
          {"scaled_density_error", agreement.scaled_density_error},
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
  std::size_t cannot_tell = 0;
  std::size_t widest = 5;
  for (const LabelledFrame& frame : frames) {
    cannot_tell += frame.cannot_tell.size();
    widest = std::clamp(clean_utf8(frame.name).size(), widest, std::size_t{40});
  }
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(
      out, "Agreement with {}: {} frames, {} labelled capillaries, {} detections; {} regions that cannot be told\n",
      labels, frames.size(), first.total.capillaries, first.total.detections, cannot_tell);
  fmt::format_to(out, "count neither way. This is agreement with those labels, not clinical accuracy.\n\n{:22}", "");
  for (const Evaluation& evaluation : evaluations) {
    fmt::format_to(out, "{:<26}", fmt::format("box IoU >= {:g}", evaluation.iou));
  }
  text += '\n';
  for (const Figure& figure : kFigures) {
    fmt::format_to(out, "{:22}", figure.name);
    for (const Evaluation& evaluation : evaluations) {
      std::string cell = fmt::format("{:.3f}", evaluation.total.*figure.value);
      if (evaluation.intervals) {
        const Interval& interval = *evaluation.intervals.*figure.interval;
        cell += fmt::format("  [{:.3f}, {:.3f}]", interval.low, interval.high);
      }
      fmt::format_to(out, "{:<26}", cell);
    }
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
  fmt::format_to(out,
                 "\nErrors of count and density are |detected - labelled| / labelled, means over frames; scaled: areas "
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
