// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "capillaryx/analyzer.h"
#include "os/message_socket.h"

namespace capillaryx {

/// The life of a process that runs the worker program: what the first message says (a worker; or the router baseline's
/// controller or router). A worker makes its analyzer, warms up, enters the sandbox, and then does frame
/// after frame until its driver says otherwise or is gone. `socket` is descriptor 3 of a process that a driver started
/// (see Process). Returns the exit code; throws nothing.
int run_worker(MessageSocket socket, const AnalyzerFactory& factory);

/// The same over descriptor 3, as a driver starts it; nothing where that is no driver's socket.
std::optional<int> run_worker_program(const AnalyzerFactory& factory);

}  // namespace capillaryx
