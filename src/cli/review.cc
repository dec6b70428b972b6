// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include "capillaryx/error.h"
#include "cli/commands.h"

namespace capillaryx::cli {
namespace {

struct Arguments {
  std::string folder;
  std::string reviewer = "reviewer";
  bool blind = false;
  int port = 0;
};

/// Becomes capillaryx-review, a separate program, so that no other command has a listening socket in it.
int review(const Arguments& arguments) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string program = (self.parent_path() / "capillaryx-review").string();
  const std::string port = std::to_string(arguments.port);
  const std::array<const char*, 6> words{program.c_str(),
                                         arguments.folder.c_str(),
                                         arguments.reviewer.c_str(),
                                         port.c_str(),
                                         arguments.blind ? "blind" : nullptr,
                                         nullptr};
  ::execv(program.c_str(), const_cast<char* const*>(words.data()));
  throw Error(ErrorKind::kUsage, program + " cannot be started (" + std::strerror(errno) +
                                     "): it is part of the program's installation, not of the Python package");
}

}  // namespace

void add_review(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("review", "Look at results in a browser and correct them");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("RESULTS", arguments->folder, "an output folder")->required();
  command->add_option("--reviewer", arguments->reviewer, "whose corrections: RESULTS/corrections/REVIEWER.jsonl");
  command->add_flag("--blind", arguments->blind, "random order, no names, no result until asked for");
  command->add_option("--port", arguments->port, "port on 127.0.0.1 (0: a free one)")->check(CLI::Range(0, 65535));
  command->footer(
      "Prints an address that opens once, on this computer alone. Results are not changed: corrections go into their "
      "own\n"
      "file, on disk before the page says 'saved'. docs/review.md says more.\n\nExample:\n  capillaryx review out "
      "--reviewer anna");
  command->callback([&action, arguments] { action = [arguments] { return review(*arguments); }; });
}

}  // namespace capillaryx::cli
