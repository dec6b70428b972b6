// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace capillaryx {

/// What one process has used.
struct ProcessUse {
  int process = 0;
  double cpu_s = 0;                 ///< user and system time of all its threads
  std::int64_t peak_bytes = 0;      ///< most resident memory it ever had
  std::int64_t resident_bytes = 0;  ///< its proportional share now (PSS), where the system tells; else resident
};

/// This process first, then everything below it that lives. A process that ends meanwhile is left out.
/// `with_memory`: reads the memory figures too, which costs milliseconds a process.
std::vector<ProcessUse> process_tree(bool with_memory);

/// CPU seconds of children that have ended and were waited for.
double ended_children_cpu_s();

/// User and system time of the thread that asks.
double this_thread_cpu_s();

/// Energy that the processor packages have used since some moment, J; absent where RAPL cannot be read. It starts
/// from 0 again now and then: a later figure may be the smaller one.
std::optional<double> package_energy_j();

}  // namespace capillaryx
