// SPDX-License-Identifier: Apache-2.0
// results.csv, coco.json, results.index and report.html, from results.jsonl alone. Nothing of a frame is held: however
// many there are, the end of a run needs no more memory than its beginning.
#include <fmt/format.h>

#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include "sink/folder_sink.h"
#include "sink/json_text.h"
#include "sink/output_folder.h"
#include "sink/report_page.h"
#include "sink/results_index.h"
#include "sink/results_reader.h"
#include "sink/tally.h"

namespace capillaryx {
namespace {

/// RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe in front; results.jsonl has it as
/// it is.
void append_text_cell(std::string& row, std::string_view text) {
  const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
  if (!formula && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    row += text;
    return;
  }
  row += formula ? "\"'" : "\"";
  for (const char c : text) {
    if (c == '"') row += '"';
    row += c;
  }
  row += '"';
}

/// results.csv: a row a frame; the values of other algorithms in columns after the fixed ones.
class CsvFile {
 public:
  CsvFile(const OutputFolder& folder, const ValuePlaces& values) : values_(values), file_(folder, "results.csv") {
    std::string line =
        "index,source,status,error,width,height,count,density,count_per_mm2,scale_um_per_px,area_px,mean_score,ms";
    for (const auto& [name, place] : values_) {
      line += ',';
      append_text_cell(line, name);
    }
    file_.write(line + "\r\n");
  }

  void add(const FrameResult& result) {
    const bool ok = result.status == Status::kOk;
    std::string row = fmt::format("{},", result.index);
    append_text_cell(row, result.source);
    row += fmt::format(",{},", to_string(result.status));
    append_text_cell(row, result.error);
    append(row, result.width > 0, result.width);
    append(row, result.height > 0, result.height);
    const bool has_density = ok && result.valid_px > 0;
    append(row, has_density, result.capillaries.size());
    append(row, has_density, result.density);
    const auto per_mm2 = count_per_mm2(result);
    append(row, ok && per_mm2, per_mm2.value_or(0));
    append(row, result.scale_um_per_px.has_value(), result.scale_um_per_px.value_or(0));
    std::int64_t area_px = 0;
    double score = 0;
    for (const Capillary& capillary : result.capillaries) {
      area_px += capillary.area_px;
      score += capillary.score;
    }
    append(row, ok, area_px);
    append(row, ok && !result.capillaries.empty(), score / static_cast<double>(result.capillaries.size()));
    append(row, ok, result.timing.total_ms);
    for (const auto& [name, place] : values_) {
      const auto value = result.values.find(name);
      append(row, value != result.values.end(), value != result.values.end() ? value->second : 0);
    }
    file_.write(row + "\r\n");
  }

  void commit() { file_.commit(); }

 private:
  template <class Number>
  static void append(std::string& row, bool known, Number value) {
    row += ',';
    if (known) fmt::format_to(std::back_inserter(row), "{}", value);
  }

  const ValuePlaces& values_;
  NewFile file_;
};

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

void write_derived_files(const std::filesystem::path& path) {
  const OutputFolder folder(path, false);
  // Rows want the names of all values. A run of the program's own analyzer has none; of another's the files are begun
  // again with the names that came up.
  ValuePlaces values;
  for (bool all_known = false; !all_known;) {
    all_known = true;
    const ValuePlaces known = values;
    CsvFile csv(folder, known);
    CocoFile coco(folder);
    ReportPage page(folder, known);
    IndexFile index(folder);
    Tally tally;
    const auto add = [&](const FrameResult& result) {
      for (const auto& [name, value] : result.values) {
        if (values.emplace(name, values.size()).second) all_known = false;
      }
      if (!all_known) return;
      csv.add(result);
      coco.add(result);
      page.add(result);
      tally.add(result);
      index.add_frame(result);
    };
    JournalState journal = read_journal(
        path / "results.jsonl", add, [&](std::string_view line, std::int64_t offset) { index.add_line(line, offset); });
    if (!all_known) continue;
    // Of a run that was cut short the figures are those of the frames that there are.
    if (journal.summary.is_null()) {
      journal.summary = nlohmann::json::parse(tally.summary("", {}, 0, 0).dump());
      journal.summary["interrupted"] = true;
    }
    csv.commit();
    coco.commit();
    index.commit();
    page.commit(journal.run, journal.summary);
  }
}

}  // namespace capillaryx
