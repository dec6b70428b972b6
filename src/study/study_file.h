// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace capillaryx {

/// What a study says about one input file.
struct StudyRow {
  std::string file;                           ///< UTF-8, relative to the study file's folder, as results name it
  std::map<std::string, std::string> labels;  ///< column -> text: subject, visit, site, condition and the user's own
  std::optional<double> scale_um_per_px;
  std::optional<std::array<int, 4>> roi;  ///< [x, y, width, height], px
  std::string mask;                       ///< a picture; empty for none
  std::string exclude;                    ///< why the file is left out of every mean; empty if it counts
  std::string note;
  std::size_t number = 0;  ///< row in the study file; 0 without one
};

/// A study file: one row per input file.
struct Study {
  std::vector<std::string> label_columns;  ///< in the file's order
  std::vector<StudyRow> rows;

  /// The row of a file, or null.
  const StudyRow* find(std::string_view file) const;
};

/// The columns that `study init` writes.
inline constexpr std::array<const char*, 4> kLabelColumns{"subject", "visit", "site", "condition"};

/// Reads a study file (`name` stands in the errors). A cell that a spreadsheet has changed (a lost leading zero, a date
/// made of a name, a character that became '?') is an Error (kInput) with row and column wherever the file's own path
/// shows it; so are two rows of one file and values that cannot be.
Study parse_study(std::string_view bytes, const std::string& name);

/// The text of a study file: UTF-8 with BOM, comma separated, cells protected from spreadsheets.
std::string study_text(const Study& study);

/// Guesses a study from paths: the last folder is the visit, the one above it the subject.
Study guess_study(const std::vector<std::string>& files);

/// How a spreadsheet has changed a name of `path` into `cell` ("a leading zero was lost: ..."); empty if it has not.
std::string find_spreadsheet_damage(std::string_view cell, std::string_view path);

}  // namespace capillaryx
