// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/terminal.h"
#include "study/finished_folder.h"

namespace capillaryx::cli {
namespace {

struct Arguments {
  std::string folder;
  std::vector<std::string> inputs;
};

int verify(const Arguments& arguments) {
  bool good = true;
  for (const Check& check : verify_folder(arguments.folder, arguments.inputs)) {
    const char* verdict = !check.checked ? "not checked" : check.good ? "good" : "BAD";
    fmt::print("{:<12} {}: {}\n", verdict, printable(check.what), printable(check.finding));
    good = good && (check.good || !check.checked);
  }
  return good ? kAllAnalysed : kRunEnded;
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("verify", "Check that inputs, journal, corrections and tables of an output folder are intact");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("RESULTS", arguments->folder, "an output folder")->required();
  command->add_option("--inputs", arguments->inputs, "folders that hold the inputs, if they have moved")
      ->type_name("DIR");
  command->footer(
      "Example:\n  capillaryx verify out --inputs /data/study\n\n"
      "Exit code: 0 everything that could be checked is as recorded, 1 something is not.");
  command->callback([&action, arguments] { action = [arguments] { return verify(*arguments); }; });
}

}  // namespace capillaryx::cli
