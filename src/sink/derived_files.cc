// SPDX-License-Identifier: Apache-2.0
// results.csv, coco.json, results.index and report.html, from results.jsonl alone. Nothing of a frame is held: however
// many there are, the end of a run needs no more memory than its beginning.
#include <string>
#include <string_view>

#include "sink/clip_log.h"
#include "sink/clip_tables.h"
#include "sink/coco_file.h"
#include "sink/csv_file.h"
#include "sink/folder_sink.h"
#include "sink/output_folder.h"
#include "sink/report_data.h"
#include "sink/results_index.h"
#include "sink/results_reader.h"
#include "sink/tally.h"

namespace capillaryx {
namespace {

/// What the run's options say of frames that are not usable.
bool keeps_unusable(const std::filesystem::path& journal) {
  const nlohmann::json run = read_run_line(journal);
  const auto options = run.find("options");
  return options != run.end() && options->is_object() && options->value("keep_unusable", nlohmann::json()) == true;
}

}  // namespace

void write_derived_files(const std::filesystem::path& path, char csv_separator) {
  const OutputFolder folder(path, false);
  // Rows want the names of all values. A run of the program's own analyzer has none; of another's the files are begun
  // again with the names that came up.
  ValuePlaces values;
  const bool keep_unusable = keeps_unusable(path / "results.jsonl");
  for (bool all_known = false; !all_known;) {
    all_known = true;
    const ValuePlaces known = values;
    CsvFile csv(folder, known, csv_separator);
    CocoFile coco(folder);
    ReportData report(folder, known);
    IndexFile index(folder);
    ClipTables clips(folder, csv_separator);
    Tally tally(keep_unusable);
    ClipLog log({.keep_unusable = keep_unusable});
    const auto add = [&](const FrameResult& result) {
      for (const auto& [name, value] : result.values) {
        if (values.emplace(name, values.size()).second) all_known = false;
      }
      if (!all_known) return;
      csv.add(result);
      coco.add(result);
      report.add(result);
      tally.add(result);
      clips.add(log.add(result));
      index.add_frame(result);
    };
    JournalState journal = read_journal(path / "results.jsonl", add, [&](std::string_view line, std::int64_t offset) {
      index.add_line(line, offset);
      if (line.starts_with(R"({"type":"run")")) report.set_run(nlohmann::json::parse(line, nullptr, false));
      if (all_known && line.starts_with(R"({"type":"clip")")) report.add_clip(line);
    });
    if (!all_known) continue;
    clips.add(log.finish());
    // Of a run that was interrupted the figures are those of the frames that there are.
    if (journal.summary.is_null()) {
      journal.summary = nlohmann::json::parse(tally.summary("", {}, 0, 0).dump());
      journal.summary["interrupted"] = true;
    }
    csv.commit();
    coco.commit();
    clips.commit();
    index.commit();
    report.commit(journal.run, journal.summary);
  }
}

}  // namespace capillaryx
