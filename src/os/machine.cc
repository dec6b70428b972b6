// SPDX-License-Identifier: Apache-2.0
#include "os/machine.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace capillaryx {
namespace {

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "";
}

int usable_cores() {
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof(cores), &cores) == 0) return CPU_COUNT(&cores);
  return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

MachineInfo machine_info() {
  MachineInfo info;
  info.processor = processor_name();
  info.cores = usable_cores();
  info.memory_mb = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE) / 1'000'000;
  utsname system{};
  if (::uname(&system) == 0) {
    info.system = std::string(system.sysname) + " " + system.release + " " + system.machine;
  }
  return info;
}

}  // namespace capillaryx
