// SPDX-License-Identifier: Apache-2.0
#include "study/finished_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "sink/notice.h"
#include "sink/output_folder.h"
#include "study/file_hash.h"
#include "study/study_files.h"

namespace capillaryx {
namespace {

struct About {
  const char* name;
  const char* text;
};

// In the order in which a colleague reads them.
constexpr std::array<About, 15> kFiles{{
    {"report.html", "the page to open first, in any browser; needs no network"},
    {kMeasurementsCsv, "one row per measurement (a still, or a clip however long), with subject, visit and scale"},
    {kGroupsCsv, "means at every level with 95 % intervals, differences between visits, agreement"},
    {kWorkbook, "both tables as a workbook, with units, definitions, options and versions"},
    {kStudyJson, "the same as JSON, and a paragraph for the methods section of a paper"},
    {kStudyCsv, "which file is which subject, visit and condition: the study file of this run"},
    {"results.csv", "one row per frame"},
    {"clips.csv", "one row per clip"},
    {"capillaries.csv", "one row per capillary of a clip"},
    {"coco.json", "the capillaries as COCO annotations"},
    {"results.jsonl", "the journal: everything that was measured. Every other file is made from it"},
    {"results.index", "where each frame stands in results.jsonl"},
    {"overlays", "each frame with its capillaries drawn in"},
    {"pictures", "frames as plain pictures, for browsers that cannot show the input files"},
    {"corrections", "what people corrected, one file per reviewer"},
}};

void write_file(const OutputFolder& folder, const char* name, const std::string& text) {
  NewFile file(folder, name);
  file.write(text);
  file.commit();
}

std::string readme_text(const OutputFolder& folder) {
  std::string text = fmt::format("Results of CapillaryX\n\n{}\n\n", kNotice);
  for (const About& file : kFiles) {
    if (folder.has(file.name)) text += fmt::format("{:<18}{}\n", file.name, file.text);
  }
  text += fmt::format("{:<18}SHA-256 of the files above: sha256sum -c {}\n", kChecksums, kChecksums);
  return text +
         "\ncapillaryx report FOLDER makes the tables again, with another study file, scale or levels, in seconds.\n"
         "capillaryx verify FOLDER checks that inputs, journal and tables are what they say.\n"
         "Formulas and their sources: docs/statistics.md of CapillaryX.\n";
}

}  // namespace

void finish_folder(const std::filesystem::path& path, const LevelOptions& options,
                   std::optional<double> scale_um_per_px) {
  write_study_files(path, options, scale_um_per_px);
  const OutputFolder folder(path, false);
  write_file(folder, "README.txt", readme_text(folder));
  std::string sums;
  for (const std::string& name : folder.names()) {
    if (name == kChecksums || name == "results.jsonl" || folder.has_folder(name)) continue;
    const bool ours = name == "README.txt" ||
                      std::any_of(kFiles.begin(), kFiles.end(), [&](const About& file) { return file.name == name; });
    if (ours) sums += file_hash(path / name).value_or("") + "  " + name + "\n";
  }
  write_file(folder, kChecksums, sums);
}

}  // namespace capillaryx
