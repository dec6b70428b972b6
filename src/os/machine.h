// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace capillaryx {

/// The machine that a run stood on, as results and benchmarks name it. No name and no address of it.
struct MachineInfo {
  std::string processor;  ///< model name; empty where the system does not tell
  int cores = 0;          ///< that this process may use
  std::int64_t memory_mb = 0;
  std::string system;  ///< kernel, its release, architecture
};

/// Threads: any.
MachineInfo machine_info();

}  // namespace capillaryx
