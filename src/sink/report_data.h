// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "capillaryx/frame_result.h"
#include "sink/output_folder.h"
#include "sink/plain_pictures.h"

namespace capillaryx {

/// The names of what other algorithms gave as values, and the place of each.
using ValuePlaces = std::map<std::string, std::size_t>;

/// What report.html needs beside it.
constexpr const char* kReportFolder = "report";

/// report/data/NAME.js: one call, capillaryx_data("NAME", 'JSON'). `json` must have no line ends.
std::string data_script(std::string_view name, std::string_view json);
/// Writes report/data/study.js, what the page shows of a study; nothing if the folder has no report. The report comes
/// first: it removes an older one.
void write_study_script(const OutputFolder& folder, std::string_view json);

/// report.html and report/: the front end and, in report/data/, the numbers that it shows, in chunks that the page
/// loads as they are needed. Each is a script of one call, capillaryx_data("NAME", "JSON"), as a page that is opened
/// from a file may not fetch. What this holds grows with the number of subfolders and clips, not of frames.
///
/// index.js: run line, summary, clips, names of columns. rows-K.js: a row per frame. frames-K.js: outlines.
/// clip-K.js: a clip line. study.js: what study.json has (write_study_script).
class ReportData {
 public:
  /// `values` must name those of every frame that is added, and outlive this.
  ReportData(const OutputFolder& folder, const ValuePlaces& values);

  /// The run line, before any frame.
  void set_run(const nlohmann::json& run) { pictures_.set_run(run); }
  void add(const FrameResult& result);
  /// A clip's line of results.jsonl, after its frames. Throws Error (kInput) if it is none.
  void add_clip(std::string_view line);
  /// Writes what is left, the front end, and report.html last.
  void commit(const nlohmann::json& run, const nlohmann::json& summary);

 private:
  /// A list that goes into a separate file when it is long enough.
  struct Chunk {
    const char* kind;
    std::int64_t first = 0;
    std::int64_t number = 0;
    std::string text;
  };

  void write(const std::string& name, std::string_view json);
  void flush(Chunk& chunk);
  void add_row(const FrameResult& result);
  void add_outlines(const FrameResult& result);
  void append_values(std::string& text, const std::map<std::string, double>& of) const;
  std::string overlay_of(const FrameResult& result) const;

  const OutputFolder& folder_;
  OutputFolder assets_;
  OutputFolder data_;
  std::optional<OutputFolder> overlays_;
  const ValuePlaces& values_;
  Chunk rows_{"rows", 0, 0, {}};
  Chunk outlines_{"frames", 0, 0, {}};
  std::int64_t frames_ = 0;
  std::map<std::string, std::size_t> subfolder_places_;
  std::vector<std::string> subfolders_;  ///< in order of appearance
  std::set<std::string> written_;        ///< names in data_
  PlainPictures pictures_;
  struct Clip {
    std::int64_t number = 0;
    std::int64_t first_frame = 0;
    std::size_t subfolder = 0;
  };
  std::map<std::string, Clip> clips_;  ///< by file
  std::vector<nlohmann::json> clip_facts_;
};

/// Removes what ReportData wrote into `report/`, and nothing else.
void remove_report(const OutputFolder& folder);

}  // namespace capillaryx
