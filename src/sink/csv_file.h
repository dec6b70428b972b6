// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "capillaryx/frame_result.h"
#include "sink/output_folder.h"
#include "sink/report_data.h"

namespace capillaryx {

/// Appends a text as a cell (RFC 4180). A spreadsheet may split cells at commas, semicolons or tabs, whichever of them
/// the file uses: what it would then take for a formula gets an apostrophe in front. results.jsonl has it as it is.
void append_text_cell(std::string& row, std::string_view text);

/// results.csv: one row per frame; the values of other algorithms in columns after the fixed ones. UTF-8 with a byte
/// order mark, which spreadsheets need to read it as such.
class CsvFile {
 public:
  /// `values` must name those of every frame that is added, and outlive the file.
  CsvFile(const OutputFolder& folder, const ValuePlaces& values, char separator);

  void add(const FrameResult& result);
  void commit() { file_.commit(); }

 private:
  const ValuePlaces& values_;
  char separator_;
  NewFile file_;
};

/// The character that Options::csv_separator names.
char csv_separator(std::string_view name);

}  // namespace capillaryx
