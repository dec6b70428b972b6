// SPDX-License-Identifier: Apache-2.0
#include "sink/tally.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <ctime>

#include "sink/json_text.h"
#include "sink/notice.h"

namespace capillaryx {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kSkippedNamed = 100;
constexpr std::size_t kMostKinds = 100;  // of notes: some name what is in a file, and files are many

ordered_json to_json(const Percentiles& ms) {
  if (ms.count() == 0) return nullptr;
  return {{"mean", ms.mean()}, {"p50", ms.at(0.5)}, {"p95", ms.at(0.95)}, {"p99", ms.at(0.99)}};
}

}  // namespace

std::string subfolder_of(const FrameResult& result) {
  const std::size_t end = result.page ? result.source.rfind('#') : result.source.rfind('/');
  return end == std::string::npos ? std::string() : result.source.substr(0, end);
}

void Tally::add(const FrameResult& result) {
  for (Group* group : {&all_, &subfolders_[subfolder_of(result)]}) {
    ++group->frames;
    if (result.status != Status::kOk) continue;
    ++group->ok;
    group->capillaries += static_cast<std::int64_t>(result.capillaries.size());
    if (result.valid_px == 0 || !counts(result, keep_unusable_)) continue;
    group->density.add(result.density);
    group->count.add(static_cast<double>(result.capillaries.size()));
    if (const auto per_mm2 = count_per_mm2(result)) group->count_per_mm2.add(*per_mm2);
  }
  if (result.status == Status::kOk && result.quality && !result.quality->usable) {
    ++unusable_;
    for (const std::string& reason : result.quality->reasons) {
      ++unusable_reasons_[reason.substr(0, reason.find(" ("))];
    }
  }
  for (const std::string& note : result.notes) {
    const std::string kind = note.substr(0, note.find(" ("));
    if (notes_.contains(kind) || notes_.size() < kMostKinds) ++notes_[kind];
  }
  if (result.status == Status::kFailed) ++failed_;
  if (result.status == Status::kDropped) ++dropped_;
  if (result.status == Status::kOk) frame_ms_.add(result.timing.total_ms);
  if (result.timing.latency_ms) latency_ms_.add(*result.timing.latency_ms);
}

void Tally::put(ordered_json& object, const Group& group) {
  object["frames"] = group.frames;
  object["ok"] = group.ok;
  object["capillaries"] = group.capillaries;
  const auto put_mean = [&](const std::string& name, const MeanSeries& series) {
    object[name] = series.count() == 0 ? ordered_json() : ordered_json(series.mean());
    const auto interval = series.interval();
    object[name + "_interval"] = interval ? ordered_json{interval->low, interval->high} : ordered_json();
  };
  put_mean("mean_density", group.density);
  put_mean("mean_count", group.count);
  put_mean("mean_count_per_mm2", group.count_per_mm2);
}

ordered_json Tally::summary(const std::string& content_sha256, const std::vector<SkippedInput>& skipped, double wall_s,
                            std::int64_t frames_now) const {
  ordered_json line;
  line["type"] = "summary";
  put(line, all_);
  line["failed"] = failed_;
  line["dropped"] = dropped_;
  line["unusable"] = unusable_;
  line["unusable_reasons"] = ordered_json::object();
  for (const auto& [reason, frames] : unusable_reasons_) line["unusable_reasons"][clean_utf8(reason)] = frames;
  line["notes"] = ordered_json::object();
  for (const auto& [note, frames] : notes_) line["notes"][clean_utf8(note)] = frames;
  line["subfolders"] = ordered_json::array();
  for (const auto& [name, group] : subfolders_) {
    ordered_json entry{{"name", name}};
    put(entry, group);
    line["subfolders"].push_back(std::move(entry));
  }
  line["interval"] = {{"level", 0.95},
                      {"method", "percentile bootstrap over frames"},
                      {"resamples", kBootstrapResamples},
                      {"seed", kBootstrapSeed}};
  line["skipped"] = {{"count", skipped.size()}, {"first", ordered_json::array()}};
  for (std::size_t i = 0; i < std::min(skipped.size(), kSkippedNamed); ++i) {
    line["skipped"]["first"].push_back(
        {{"source", clean_utf8(skipped[i].source)}, {"reason", clean_utf8(skipped[i].reason)}});
  }
  line["notice"] = kNotice;
  line["content_sha256"] = content_sha256.empty() ? ordered_json() : ordered_json(content_sha256);
  line["timing"] = {
      {"wall_s", wall_s},
      {"frames_now", frames_now},
      {"frames_per_s", wall_s > 0 ? ordered_json(static_cast<double>(frames_now) / wall_s) : ordered_json()},
      {"frame_ms", to_json(frame_ms_)},
      {"latency_ms", to_json(latency_ms_)}};
  return line;
}

}  // namespace capillaryx
