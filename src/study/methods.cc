// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "capillaryx/options.h"
#include "options/options_json.h"
#include "study/study_tables.h"

namespace capillaryx {
namespace {

std::string text_at(const nlohmann::json& object, const char* pointer) {
  const nlohmann::json::json_pointer place(pointer);
  if (!object.contains(place) || !object.at(place).is_string()) return "unknown";
  return object.at(place).get<std::string>();
}

/// The options that differ from the defaults: "min_score = 0.6, window_px = 100".
std::string changed_options(const nlohmann::json& run) {
  const nlohmann::json defaults = options_to_json(Options(), OptionFields::kThatChangeResults);
  std::string text;
  if (!run.contains("options") || !run["options"].is_object()) return text;
  for (const auto& [name, value] : run["options"].items()) {
    if (defaults.contains(name) && defaults[name] == value) continue;
    text += (text.empty() ? "" : ", ") + name + " = " + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  return text;
}

}  // namespace

std::string methods_text(const nlohmann::json& run, const std::vector<Measurement>& measurements,
                         const LevelOptions& options) {
  const auto counting = std::count_if(measurements.begin(), measurements.end(),
                                      [](const Measurement& one) { return one.reason.empty(); });
  const auto clips = std::count_if(measurements.begin(), measurements.end(),
                                   [](const Measurement& one) { return one.reason.empty() && one.clip; });
  std::string order = "measurements";
  for (auto level = options.levels.rbegin(); level != options.levels.rend(); ++level) order += ", then " + *level;
  const std::string changed = changed_options(run);
  return fmt::format(
      "Capillaries were detected with CapillaryX {} (commit {}; algorithm {} {}; model {}, SHA-256 {}), options: {}. "
      "Capillary density is the pixels inside the accepted contours over the valid pixels; definitions after De Backer "
      "et al. 2007 and Ince et al. 2018, applied to skin. A field (one still) or a clip (one file of several frames) "
      "is "
      "one measurement. Of {} measurements {} count ({} fields, {} clips); {} are left out, each with its reason in "
      "measurements.csv. Means are means over the level below ({}), never over the frames of a clip. 95 % intervals "
      "are "
      "Student's t over these means (Student 1908). Comparisons are paired within {}: mean difference, paired t test "
      "(p not adjusted for the number of comparisons), Hedges' g_av (Lakens 2013) and relative change with Fieller's "
      "interval (Fieller 1954). Agreement is ICC(2,1) across compared labels and ICC(1,1) of measurements nested in {} "
      "(Shrout and Fleiss 1979). Research use only, not for diagnosis.",
      text_at(run, "/version"), text_at(run, "/commit"), text_at(run, "/analyzer/name"),
      text_at(run, "/analyzer/version"), text_at(run, "/model/name"), text_at(run, "/model/sha256"),
      changed.empty() ? "defaults" : changed, measurements.size(), counting, counting - clips, clips,
      static_cast<std::int64_t>(measurements.size()) - counting, order, options.levels.front(), options.levels.back());
}

}  // namespace capillaryx
