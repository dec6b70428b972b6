// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "capillaryx/executor.h"
#include "capillaryx/options.h"

namespace capillaryx {

/// Makes the executor of `--executor ray`, which the Python package has and this library has not.
using RayExecutorFactory = std::function<std::unique_ptr<Executor>(const Options&)>;

/// What make_executor calls for ExecutorKind::kRay from now on; an empty one takes it back. Call before the first run.
/// Threads: none may make an executor meanwhile.
void set_ray_executor(RayExecutorFactory factory);

}  // namespace capillaryx
