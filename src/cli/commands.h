// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace capillaryx::cli {

/// Exit codes of the command.
constexpr int kAllAnalysed = 0;
constexpr int kRunEnded = 1;
constexpr int kWrongUsage = 2;
constexpr int kSomeFailed = 3;
constexpr int kInterrupted = 130;

/// What the chosen command does; gives the exit code. Errors are thrown to main.
using Action = std::function<int()>;

/// Each adds its command to `app`; the command's callback sets `action`.
void add_analyze(CLI::App& app, Action& action);
void add_bench(CLI::App& app, Action& action);
void add_compare(CLI::App& app, Action& action);
void add_evaluate(CLI::App& app, Action& action);
void add_export(CLI::App& app, Action& action);
void add_phantom(CLI::App& app, Action& action);
void add_report(CLI::App& app, Action& action);
void add_unblind(CLI::App& app, Action& action);
void add_review(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);
void add_study(CLI::App& app, Action& action);
void add_model(CLI::App& app, Action& action);
void add_options_table(CLI::App& app, Action& action);  ///< prints docs/options.md; not listed in the help

/// `capillaryx worker`, which only a driver starts: does frames until the driver says otherwise. Gives the exit code.
int be_worker();

}  // namespace capillaryx::cli
