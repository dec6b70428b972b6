// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

namespace capillaryx::cli {

/// How the help of every command looks; lines are broken to fit the terminal.
std::shared_ptr<CLI::FormatterBase> help_formatter();

}  // namespace capillaryx::cli
