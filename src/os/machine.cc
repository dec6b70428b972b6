// SPDX-License-Identifier: Apache-2.0
#include "os/machine.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <memory>
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

int affinity_cpus() {
  // More CPUs than the usual set holds make the call fail.
  for (int most = CPU_SETSIZE; most <= 1 << 20; most *= 4) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> cpus(CPU_ALLOC(most), [](cpu_set_t* set) { CPU_FREE(set); });
    const std::size_t bytes = CPU_ALLOC_SIZE(most);
    if (cpus && ::sched_getaffinity(0, bytes, cpus.get()) == 0) return CPU_COUNT_S(bytes, cpus.get());
    if (errno != EINVAL) break;
  }
  return static_cast<int>(std::thread::hardware_concurrency());
}

// The quota over the period in a group's files; absent without a limit. v2 has "max 100000" or "150000 100000" in
// cpu.max, v1 one number in each of two files and -1 without a limit.
std::optional<double> group_quota(const std::string& folder, bool v2) {
  double quota = 0;
  double period = 0;
  if (v2) {
    std::ifstream file(folder + "/cpu.max");
    if (!(file >> quota >> period)) return std::nullopt;
  } else {
    std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
    std::ifstream period_file(folder + "/cpu.cfs_period_us");
    if (!(quota_file >> quota) || !(period_file >> period)) return std::nullopt;
  }
  if (quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

}  // namespace

std::optional<double> cgroup_cpus(const std::string& root) {
  std::optional<double> least;
  // The group and each one above it limit the process. In a container the path may be the host's: then the root of what
  // is mounted is the container's own group.
  const auto look = [&](const std::string& mount, std::string path, bool v2) {
    while (true) {
      if (const auto quota = group_quota(mount + path, v2)) least = std::min(least.value_or(*quota), *quota);
      const std::size_t slash = path.rfind('/');
      if (slash == std::string::npos) return;
      path.resize(slash);
    }
  };
  std::ifstream groups(root + "/proc/self/cgroup");
  const std::string mounted = root + "/sys/fs/cgroup";
  for (std::string line; std::getline(groups, line);) {  // "0::/a/b", "4:cpu,cpuacct:/a/b"
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    std::string path = line.substr(second + 1);
    if (path.find("..") != std::string::npos) path.clear();
    if (controllers == ",,") {
      look(mounted, path, true);
      look(mounted + "/unified", path, true);
    } else if (controllers.find(",cpu,") != std::string::npos) {
      for (const char* const name : {"/cpu", "/cpu,cpuacct", "/cpuacct,cpu"}) look(mounted + name, path, false);
    }
  }
  return least;
}

int usable_cpus() {
  const int cpus = std::max(affinity_cpus(), 1);
  const std::optional<double> granted = cgroup_cpus();
  return granted ? std::clamp(static_cast<int>(std::ceil(*granted)), 1, cpus) : cpus;
}

MachineInfo machine_info() {
  MachineInfo info;
  info.processor = processor_name();
  info.cores = usable_cpus();
  info.memory_mb = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE) / 1'000'000;
  utsname system{};
  if (::uname(&system) == 0) {
    info.system = std::string(system.sysname) + " " + system.release + " " + system.machine;
  }
  return info;
}

}  // namespace capillaryx
