// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "capillaryx/frame_result.h"
#include "capillaryx/frame_source.h"
#include "sink/bootstrap.h"
#include "sink/percentiles.h"

namespace capillaryx {

/// The subfolder that a frame counts to: the folder part of its source, or the file of a frame that is one of
/// several in it.
std::string subfolder_of(const FrameResult& result);

/// Counts results as they pass and makes the summary line of them. What it holds grows with the
/// number of subfolders, not of frames.
class Tally {
 public:
  /// `keep_unusable`: frames that are not usable enter the means too (Options::keep_unusable).
  explicit Tally(bool keep_unusable = false) : keep_unusable_(keep_unusable) {}

  void add(const FrameResult& result);

  /// The summary line: `content_sha256` (empty: unknown), counts, mean density with its interval, the same for each
  /// subfolder, what frames' notes say (the
  /// first hundred kinds), what was skipped (the first hundred by name), and `timing`. `wall_s` is this session's, in
  /// which `frames_now` frames were analysed.
  nlohmann::ordered_json summary(const std::string& content_sha256, const std::vector<SkippedInput>& skipped,
                                 double wall_s, std::int64_t frames_now) const;

 private:
  struct Group {
    std::int64_t frames = 0;
    std::int64_t ok = 0;
    std::int64_t capillaries = 0;
    MeanSeries density;
    MeanSeries count;
    MeanSeries count_per_mm2;
  };

  static void put(nlohmann::ordered_json& object, const Group& group);

  Group all_;
  std::map<std::string, Group> subfolders_;
  const bool keep_unusable_;
  std::int64_t unusable_ = 0;
  std::map<std::string, std::int64_t> unusable_reasons_;  ///< frames with each, without its numbers
  std::map<std::string, std::int64_t> notes_;             ///< frames with each, without its numbers
  std::int64_t failed_ = 0;
  std::int64_t dropped_ = 0;
  Percentiles frame_ms_;
  Percentiles latency_ms_;
};

}  // namespace capillaryx
