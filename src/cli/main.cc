// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>

#include "capillaryx/error.h"
#include "cli/commands.h"

int main(int argc, char** argv) {
  using namespace capillaryx;  // NOLINT: the program's own namespace
  CLI::App app{"Capillary density of microcirculation frames, on this machine, on every core. Research use only."};
  app.require_subcommand(1);
  cli::Action action;
  cli::add_analyze(app, action);
  cli::add_evaluate(app, action);
  cli::add_phantom(app, action);
  cli::add_model(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::kAllAnalysed : cli::kWrongUsage;
  }
  try {
    return action();
  } catch (const Error& error) {
    std::fprintf(stderr, "capillaryx: %s\n", error.what());
    return error.kind() == ErrorKind::kUsage ? cli::kWrongUsage : cli::kRunEnded;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "capillaryx: internal error: %s\n", error.what());
    return cli::kRunEnded;
  }
}
