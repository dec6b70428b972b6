// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/terminal.h"
#include "study/study_files.h"

namespace capillaryx::cli {
namespace {

struct Arguments {
  std::string folder;
  std::string key;
  std::string output;
  std::optional<double> scale_um_per_px;
};

int unblind(const Arguments& arguments) {
  write_unblinded_files(arguments.folder, arguments.key, arguments.output,
                        level_options_of_run(arguments.folder, "", ""), arguments.scale_um_per_px);
  fmt::print("the tables under their real names are in {}\n", printable(arguments.output));
  return kAllAnalysed;
}

}  // namespace

void add_unblind(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("unblind", "Write the tables of a pseudonymised run under their real names");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("RESULTS", arguments->folder, "an output folder of analyze --pseudonymise")->required();
  command->add_option("KEY", arguments->key, "the key file of that run")->required();
  command->add_option("-o,--output", arguments->output, "folder for the tables; made if it is not there")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--scale-um-per-px", arguments->scale_um_per_px,
                   "scale of the tables, for every file whose row in the study has none")
      ->check(CLI::Range(1e-6, 1e6))
      ->type_name("S");
  command->footer(
      "Example:\n  capillaryx unblind out key.csv -o unblinded\n\n"
      "Exclusions, scales and regions in study.csv of RESULTS hold: they were decided without the names.");
  command->callback([&action, arguments] { action = [arguments] { return unblind(*arguments); }; });
}

}  // namespace capillaryx::cli
