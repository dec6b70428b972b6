// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "capillaryx/error.h"
#include "capillaryx/pipeline.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/suggestion.h"
#include "cli/terminal.h"
#include "options/nearest_name.h"

namespace {

using namespace capillaryx;  // NOLINT: the program's own namespace

std::string version_text() {
  const BuildInfo info = build_info();
  return fmt::format("capillaryx {} (commit {}; {})\nmodel {} sha256 {}\nResearch use only, not for diagnosis.",
                     info.version, info.commit, info.build, info.model.name, info.model.sha256);
}

/// CLI11 takes [a,b] for a list: a file or folder of such a name is named otherwise.
void keep_brackets(std::string& argument) {
  if (argument.starts_with('[') && argument.ends_with(']')) argument.insert(0, "./");
}

int report_usage(const std::string& message) {
  fmt::print(stderr, "capillaryx: {}\n(capillaryx --help and capillaryx COMMAND --help list what there is)\n",
             cli::printable_lines(message));
  return cli::kWrongUsage;
}

std::string command_suggestion(const std::string& word, const std::vector<CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands) {
    if (!command->get_group().empty()) names.push_back(command->get_name());
  }
  const std::string nearest = nearest_name(word, names);
  if (!nearest.empty()) return "; did you mean " + nearest + "?";
  std::error_code error;
  if (!std::filesystem::exists(word, error)) return "";
  return "; to analyse what has that name: capillaryx analyze " + word + " -o DIR";
}

int run(int argc, char** argv) {
  CLI::App app{"Capillary density of microcirculation frames, on this machine, on every core.", "capillaryx"};
  app.formatter(cli::help_formatter());
  app.set_help_flag("-h,--help", "this text");
  app.set_version_flag("-v,--version", version_text, "version, commit, build and model");
  app.footer("Research use only, not for diagnosis.");
  cli::Action action;
  cli::add_analyze(app, action);
  cli::add_bench(app, action);
  cli::add_compare(app, action);
  cli::add_evaluate(app, action);
  cli::add_export(app, action);
  cli::add_report(app, action);
  cli::add_phantom(app, action);
  cli::add_unblind(app, action);
  cli::add_review(app, action);
  cli::add_verify(app, action);
  cli::add_study(app, action);
  cli::add_model(app, action);
  cli::add_options_table(app, action);
  app.add_subcommand("help", "this text, or with a command after it that command's");
  const std::vector<CLI::App*> commands = app.get_subcommands({});
  for (CLI::App* command : commands) {
    if (!command->get_group().empty()) command->group("Commands");
  }

  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  if (arguments.empty()) return report_usage("name a command");
  if (arguments == std::vector<std::string>{"worker"}) return cli::be_worker();
  const auto is_chosen = [&](const CLI::App* command) { return command->get_name() == arguments[0]; };
  if (arguments[0] == "help") {
    arguments.erase(arguments.begin());
    arguments.resize(std::min<std::size_t>(arguments.size(), 1));
    arguments.emplace_back("--help");
  }
  const auto chosen = std::find_if(commands.begin(), commands.end(), is_chosen);
  if (!arguments[0].starts_with('-') && chosen == commands.end()) {
    return report_usage("there is no command '" + arguments[0] + "'" + command_suggestion(arguments[0], commands));
  }
  for (std::string& argument : arguments) keep_brackets(argument);
  const std::vector<std::string> given = arguments;
  // CLI11 takes them from the back.
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::Success& wanted) {  // --help, --version
    app.exit(wanted);
    return cli::kAllAnalysed;
  } catch (const CLI::ExtrasError& error) {
    return report_usage(error.what() + cli::option_suggestion(chosen == commands.end() ? app : **chosen, given));
  } catch (const CLI::ParseError& error) {
    return report_usage(error.what());
  }
  return action();
}

}  // namespace

namespace capillaryx::cli {

int run_program(int argc, char** argv) {
  // A reader that goes away (`| head`) is an error of writing, not an end of the run.
  std::signal(SIGPIPE, SIG_IGN);
  // A parent that ignores it hands that down; how a child ended would be lost.
  std::signal(SIGCHLD, SIG_DFL);
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUsage) return report_usage(error.what());
    fmt::print(stderr, "capillaryx: {}\n", cli::printable_lines(error.what()));
    return cli::kRunEnded;
  } catch (const std::system_error& error) {
    const bool limit = error.code() == std::errc::resource_unavailable_try_again;
    fmt::print(stderr, "capillaryx: {}{}\n", limit ? "" : "internal error: ",
               limit ? "the limit on processes and threads is reached: raise it (`ulimit -u`) or use fewer --workers"
                     : cli::printable_lines(error.what()));
    return cli::kRunEnded;
  } catch (const std::exception& error) {
    fmt::print(stderr, "capillaryx: internal error: {}\n", cli::printable_lines(error.what()));
    return cli::kRunEnded;
  }
}

}  // namespace capillaryx::cli
