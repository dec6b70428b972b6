// SPDX-License-Identifier: Apache-2.0
// results.csv, coco.json, results.index and report.html, from results.jsonl alone. Nothing of a frame is held: however
// many there are, the end of a run needs no more memory than its beginning.
#include <fmt/format.h>

#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include "sink/csv_file.h"
#include "sink/folder_sink.h"
#include "sink/json_text.h"
#include "sink/output_folder.h"
#include "sink/report_data.h"
#include "sink/results_index.h"
#include "sink/results_reader.h"
#include "sink/tally.h"

namespace capillaryx {
namespace {

/// coco.json: COCO results (a list of detections) of the accepted capillaries.
class CocoFile {
 public:
  explicit CocoFile(const OutputFolder& folder) : file_(folder, "coco.json") { file_.write("["); }

  void add(const FrameResult& result) {
    for (const Capillary& capillary : result.capillaries) {
      std::string text = fmt::format("{}\n{{\"image_id\":{},\"file_name\":", first_ ? "" : ",", result.index);
      first_ = false;
      append_json_string(text, result.source);
      const auto& box = capillary.bbox;
      fmt::format_to(std::back_inserter(text),
                     ",\"category_id\":1,\"bbox\":[{},{},{},{}],\"area\":{},\"segmentation\":[[", box[0], box[1],
                     box[2], box[3], capillary.area_px);
      append_json_numbers(text, capillary.polygon);
      text += "]],\"score\":";
      append_json_number(text, capillary.score);
      text += '}';
      file_.write(text);
    }
  }

  void commit() {
    file_.write("\n]\n");
    file_.commit();
  }

 private:
  NewFile file_;
  bool first_ = true;
};

}  // namespace

void write_derived_files(const std::filesystem::path& path, char csv_separator) {
  const OutputFolder folder(path, false);
  // Rows want the names of all values. A run of the program's own analyzer has none; of another's the files are begun
  // again with the names that came up.
  ValuePlaces values;
  for (bool all_known = false; !all_known;) {
    all_known = true;
    const ValuePlaces known = values;
    CsvFile csv(folder, known, csv_separator);
    CocoFile coco(folder);
    ReportData report(folder, known);
    IndexFile index(folder);
    Tally tally;
    const auto add = [&](const FrameResult& result) {
      for (const auto& [name, value] : result.values) {
        if (values.emplace(name, values.size()).second) all_known = false;
      }
      if (!all_known) return;
      csv.add(result);
      coco.add(result);
      report.add(result);
      tally.add(result);
      index.add_frame(result);
    };
    JournalState journal = read_journal(path / "results.jsonl", add, [&](std::string_view line, std::int64_t offset) {
      index.add_line(line, offset);
      if (line.starts_with(R"({"type":"run")")) report.set_run(nlohmann::json::parse(line, nullptr, false));
      if (all_known && line.starts_with(R"({"type":"clip")")) report.add_clip(line);
    });
    if (!all_known) continue;
    // Of a run that was cut short the figures are those of the frames that there are.
    if (journal.summary.is_null()) {
      journal.summary = nlohmann::json::parse(tally.summary("", {}, 0, 0).dump());
      journal.summary["interrupted"] = true;
    }
    csv.commit();
    coco.commit();
    index.commit();
    report.commit(journal.run, journal.summary);
  }
}

}  // namespace capillaryx
