// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace capillaryx::cli {

/// The whole command, as main has it: `argv[0]` is skipped. Prints errors; gives the exit code; throws nothing.
/// Threads: one at a time, as it takes over the process's signals while it runs.
int run_program(int argc, char** argv);

}  // namespace capillaryx::cli
