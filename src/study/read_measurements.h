// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "capillaryx/frame_result.h"
#include "study/measurement.h"
#include "study/study_file.h"

namespace capillaryx {

/// Makes measurements of the frames of a run, in frame order. What it holds grows with the number of files.
class MeasurementReader {
 public:
  /// `scale_um_per_px` replaces the scale of every file whose row in the study has none. `study` must outlive this.
  /// `keep_unusable`: Options::keep_unusable of the run. `files`: names of files in the run -> their names in the
  /// study, if they are not the same.
  MeasurementReader(const Study& study, std::optional<double> scale_um_per_px, bool keep_unusable = false,
                    std::map<std::string, std::string> files = {});

  void add(const FrameResult& result);
  /// A clip's line of results.jsonl, after its frames; other lines are ignored. Throws Error (kInput) if it cannot be.
  void add_line(std::string_view line);

  /// One measurement per field and clip, and one per row of the study whose file is not in the run.
  std::vector<Measurement> finish();

 private:
  struct Sums {
    Measurement measurement;
    const StudyRow* row = nullptr;
    double valid_px = 0;
    double capillary_area_px = 0;
    std::int64_t capillaries = 0;
    std::map<std::string, double> values;
    std::string first_error;
    std::string first_unusable;
    bool has_line = false;  ///< a clip whose line gave the values
  };

  std::string file_of(const FrameResult& result) const;
  std::string name_of(const FrameResult& result) const;
  void add_values(Sums& sums, const FrameResult& result) const;
  Measurement start(const FrameResult& result, const std::string& name) const;
  const StudyRow* row_of(const std::string& name, const std::string& file) const;

  const Study& study_;
  std::optional<double> scale_;
  bool keep_unusable_;
  std::map<std::string, std::size_t> rows_;  ///< file -> row of the study
  std::map<std::string, std::string> names_;
  std::map<std::string, Sums> measurements_;
  std::set<std::string> files_;  ///< of the run
};

/// The label columns of a study without a study file.
std::vector<std::string> default_label_columns();

}  // namespace capillaryx
