// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "cli/commands.h"
#include "sink/folder_sink.h"

namespace capillaryx::cli {

void add_report(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("report", "Make the table, COCO file and report of an output folder again");
  auto folder = std::make_shared<std::string>();
  command->add_option("RESULTS", *folder, "an output folder, of a finished or an interrupted run")->required();
  command->footer(
      "Example:\n  capillaryx report out\n\n"
      "Everything is made from results.jsonl, which stays as it is; no image is read.");
  command->callback([&action, folder] {
    action = [folder] {
      write_derived_files(*folder);
      return kAllAnalysed;
    };
  });
}

}  // namespace capillaryx::cli
