// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <string>

#include "capillaryx/options.h"
#include "cli/commands.h"
#include "cli/option_flags.h"
#include "sink/csv_file.h"
#include "sink/folder_sink.h"
#include "study/finished_folder.h"
#include "study/study_files.h"

namespace capillaryx::cli {
namespace {

struct Arguments {
  std::string folder;
  std::string study;
  std::string levels;
  std::string compare;
  std::optional<double> scale_um_per_px;
  Options options;  ///< csv_separator alone
};

int report(const Arguments& arguments) {
  check_options(arguments.options);
  std::optional<Study> study;
  if (!arguments.study.empty()) study = parse_study(read_small_file(arguments.study), arguments.study);
  const LevelOptions levels = level_options_of_run(arguments.folder, arguments.levels, arguments.compare);
  if (study) {
    check_levels(levels, study);
    set_study(arguments.folder, *study);
  }
  write_derived_files(arguments.folder, csv_separator(arguments.options.csv_separator));
  finish_folder(arguments.folder, levels, arguments.scale_um_per_px);
  return kAllAnalysed;
}

}  // namespace

void add_report(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("report", "Make the tables and the report of an output folder again, without its images");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("RESULTS", arguments->folder, "an output folder, of a finished or an interrupted run")
      ->required();
  command->add_option("--study", arguments->study, "a study file: other labels, scales, regions or exclusions")
      ->type_name("FILE");
  command->add_option("--levels", arguments->levels, "columns of the study from the outermost level inwards")
      ->type_name("COLUMN,...");
  command->add_option("--compare", arguments->compare, "columns of the study whose labels are compared")
      ->type_name("COLUMN,...");
  command
      ->add_option("--scale-um-per-px", arguments->scale_um_per_px,
                   "scale of the study's tables, for every file whose row in the study has none")
      ->check(CLI::Range(1e-6, 1e6))
      ->type_name("S");
  add_option_flags(*command, arguments->options, [](const FieldInfo& info) { return info.name == "csv_separator"; });
  command->footer(
      "Example:\n  capillaryx report out --study corrected.csv\n\n"
      "Everything is made from results.jsonl, which stays as it is; no image is read.");
  command->callback([&action, arguments] { action = [arguments] { return report(*arguments); }; });
}

}  // namespace capillaryx::cli
