// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace capillaryx {

/// The machine that a run stood on, as results and benchmarks name it. No name and no address of it.
struct MachineInfo {
  std::string processor;  ///< model name; empty where the system does not tell
  int cores = 0;          ///< usable_cpus()
  std::int64_t memory_mb = 0;
  std::string system;  ///< kernel, its release, architecture
};

/// CPUs that this process may use: its affinity (which a cpuset narrows), and the quota of its control groups (v1 and
/// v2), rounded up. At least 1. Threads: any.
int usable_cpus();

/// CPUs' worth of time that the control groups of this process grant; absent without a limit. `root` stands for "/".
std::optional<double> cgroup_cpus(const std::string& root = "");

/// Threads: any.
MachineInfo machine_info();

}  // namespace capillaryx
