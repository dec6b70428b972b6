// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "capillaryx/options.h"
#include "os/descriptor.h"
#include "os/message_socket.h"

namespace capillaryx {

/// The two processes of the paper's baseline: a controller that starts, watches and replaces workers, and a router
/// through which every task, frame and result goes. Both end when `parent` or the router's client does.
/// Both return exit codes and throw Error where they cannot go on.
int run_controller(MessageSocket parent, const Options& options, Descriptor client);
int run_router(MessageSocket controller, const Options& options, Descriptor client);

}  // namespace capillaryx
