// SPDX-License-Identifier: Apache-2.0
#include "study/study_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "capillaryx/error.h"
#include "capillaryx/options.h"
#include "sink/notice.h"
#include "sink/output_folder.h"
#include "sink/report_data.h"
#include "sink/results_reader.h"
#include "study/pseudonyms.h"
#include "study/read_measurements.h"
#include "study/study_tables.h"

namespace capillaryx {
namespace {

using nlohmann::ordered_json;

constexpr off_t kMostBytes = 64 << 20;

void write_file(const OutputFolder& folder, const char* name, const std::string& bytes) {
  NewFile file(folder, name);
  file.write(bytes);
  file.commit();
}

/// What a page shows: the tables as arrays of objects, what was left out, and the paragraph for a paper.
ordered_json page_data(const Table& measurements, const Table& groups, const std::vector<Measurement>& all,
                       const nlohmann::json& run, const LevelOptions& options) {
  ordered_json out;
  out["schema"] = 1;
  out["notice"] = kNotice;
  out["levels"] = options.levels;
  out["compare"] = options.compare;
  out["definitions"] = to_json(definitions_table());
  out["methods"] = methods_text(run, all, options);
  out["left_out"] = ordered_json::array();
  std::vector<const Measurement*> counting;
  for (const Measurement& one : all) {
    if (one.reason.empty()) counting.push_back(&one);
    if (!one.reason.empty()) out["left_out"].push_back({{"file", one.file}, {"reason", one.reason}});
  }
  out["note"] = compare_scales(counting, false);
  out["measurements"] = to_json(measurements);
  out["groups"] = to_json(groups);
  return out;
}

}  // namespace

std::string read_small_file(const std::filesystem::path& path) {
  const std::string name = path.string();
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) throw Error(ErrorKind::kInput, name + " cannot be opened: " + std::strerror(errno));
  const OpenFile file(descriptor);
  struct stat about {};
  if (::fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode)) {
    throw Error(ErrorKind::kInput, name + " is not a file");
  }
  if (about.st_size > kMostBytes) throw Error(ErrorKind::kInput, name + " is larger than 64 MB");
  std::string bytes(static_cast<std::size_t>(about.st_size), '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t count = ::pread(descriptor, bytes.data() + got, bytes.size() - got, static_cast<off_t>(got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(ErrorKind::kInput, name + " cannot be read: " + std::strerror(errno));
    if (count == 0) break;
    got += static_cast<std::size_t>(count);
  }
  bytes.resize(got);
  return bytes;
}

namespace {

std::vector<std::string> split_columns(const std::string& text) {
  std::vector<std::string> columns;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    if (end > at) columns.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return columns;
}

}  // namespace

LevelOptions level_options(const std::string& levels, const std::string& compare) {
  return {split_columns(levels), split_columns(compare)};
}

LevelOptions level_options_of_run(const std::filesystem::path& folder, const std::string& levels,
                                  const std::string& compare) {
  const std::string name = (folder / "results.jsonl").string();
  std::ifstream file(name);
  std::string line;
  if (!std::getline(file, line)) throw Error(ErrorKind::kInput, name + " cannot be read: is this an output folder?");
  const nlohmann::json run = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  const Options defaults;
  const auto chosen = [&](const std::string& given, const char* pointer, const std::string& otherwise) {
    const nlohmann::json::json_pointer place(pointer);
    if (!given.empty()) return given;
    const bool known = run.is_object() && run.contains(place) && run.at(place).is_string();
    return known ? run.at(place).get<std::string>() : otherwise;
  };
  return level_options(chosen(levels, "/host/study/levels", defaults.levels),
                       chosen(compare, "/host/study/compare", defaults.compare));
}

void check_levels(const LevelOptions& options, const std::optional<Study>& study) {
  const std::vector<std::string> columns = study ? study->label_columns : default_label_columns();
  if (options.levels.empty()) throw Error(ErrorKind::kUsage, "--levels names no column");
  for (const std::string& level : options.levels) {
    if (std::find(columns.begin(), columns.end(), level) != columns.end()) continue;
    std::string names;
    for (const std::string& column : columns) {
      if (!names.empty()) names += ", ";
      names += column;
    }
    throw Error(ErrorKind::kUsage, fmt::format("--levels: there is no column '{}'; there is {}", level, names));
  }
}

void set_study(const std::filesystem::path& path, const Study& study) {
  const OutputFolder folder(path, false);
  write_file(folder, kStudyCsv, study_text(study));
}

namespace {

std::optional<Study> study_in(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kStudyCsv;
  if (!OutputFolder(folder, false).has(kStudyCsv)) return std::nullopt;
  return parse_study(read_small_file(file), file.string());
}

void write_tables(const std::filesystem::path& journal_folder, const OutputFolder& to, const Study& study,
                  const std::map<std::string, std::string>& files, const LevelOptions& options,
                  std::optional<double> scale_um_per_px) {
  const std::filesystem::path file = journal_folder / "results.jsonl";
  const nlohmann::json run = read_run_line(file);
  const nlohmann::json::json_pointer keeps("/options/keep_unusable");
  const bool keep_unusable = run.is_object() && run.contains(keeps) && run.at(keeps) == true;
  MeasurementReader reader(study, scale_um_per_px, keep_unusable, files);
  const JournalState journal = read_journal(
      file, [&](const FrameResult& result) { reader.add(result); },
      [&](std::string_view line, std::int64_t) { reader.add_line(line); });
  std::vector<Measurement> all = reader.finish();
  sort_measurements(all, options);
  const Table measurements = measurements_table(all, study.label_columns);
  const Table groups = groups_table(summarise(all, options), study.label_columns);
  write_file(to, kMeasurementsCsv, csv_text(measurements));
  write_file(to, kGroupsCsv, csv_text(groups));
  write_file(to, kWorkbook, workbook({measurements, groups, definitions_table(), run_table(journal.run, options)}));
  const ordered_json page = page_data(measurements, groups, all, journal.run, options);
  constexpr auto kReplace = ordered_json::error_handler_t::replace;
  write_file(to, kStudyJson, page.dump(1, ' ', false, kReplace) + "\n");
  // A folder of pictures without subjects is no study: its page shows none, and need not load a row per picture.
  const bool has_units = std::any_of(all.begin(), all.end(), [&](const Measurement& one) {
    const auto label = one.labels.find(options.levels.front());
    return label != one.labels.end() && !label->second.empty();
  });
  write_study_script(to, has_units ? page.dump(-1, ' ', false, kReplace) : "null");
}

}  // namespace

void write_study_files(const std::filesystem::path& path, const LevelOptions& options,
                       std::optional<double> scale_um_per_px) {
  Study study = study_in(path).value_or(Study());
  if (study.rows.empty()) study.label_columns = default_label_columns();
  write_tables(path, OutputFolder(path, false), study, {}, options, scale_um_per_px);
}

void write_unblinded_files(const std::filesystem::path& folder, const std::filesystem::path& key,
                           const std::filesystem::path& to, const LevelOptions& options,
                           std::optional<double> scale_um_per_px) {
  const auto coded = study_in(folder);
  if (!coded) throw Error(ErrorKind::kInput, folder.string() + " has no study.csv: it is no pseudonymised run");
  const Pseudonyms names = resolve_key(parse_study(read_small_file(key), key.string()), *coded, key.string());
  write_tables(folder, OutputFolder(to, true), names.real, names.files, options, scale_um_per_px);
}

}  // namespace capillaryx
