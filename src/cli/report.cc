// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "capillaryx/options.h"
#include "cli/commands.h"
#include "cli/option_flags.h"
#include "sink/csv_file.h"
#include "sink/folder_sink.h"

namespace capillaryx::cli {

void add_report(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("report", "Make the table, COCO file and report of an output folder again");
  auto folder = std::make_shared<std::string>();
  auto options = std::make_shared<Options>();
  command->add_option("RESULTS", *folder, "an output folder, of a finished or an interrupted run")->required();
  add_option_flags(*command, *options, [](const FieldInfo& info) { return info.name == "csv_separator"; });
  command->footer(
      "Example:\n  capillaryx report out\n\n"
      "Everything is made from results.jsonl, which stays as it is; no image is read.");
  command->callback([&action, folder, options] {
    action = [folder, options] {
      check_options(*options);
      write_derived_files(*folder, csv_separator(options->csv_separator));
      return kAllAnalysed;
    };
  });
}

}  // namespace capillaryx::cli
