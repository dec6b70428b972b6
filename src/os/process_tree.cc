// SPDX-License-Identifier: Apache-2.0
#include "os/process_tree.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace capillaryx {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(int process) { return fs::path("/proc") / std::to_string(process); }

/// The number behind `key` in a file of lines `key: number kB`; 0 where there is none.
std::int64_t kilobytes(const fs::path& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    std::istringstream rest(line.substr(key.size()));
    rest.imbue(std::locale::classic());
    std::int64_t value = 0;
    rest >> value;
    return value;
  }
  return 0;
}

bool read_use(int process, bool with_memory, ProcessUse& use) {
  // The process's own clock counts in nanoseconds and threads that have ended; /proc counts in ticks of 10 ms.
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return false;
  use.process = process;
  use.cpu_s = static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
  if (with_memory) {
    use.peak_bytes = 1024 * kilobytes(folder_of(process) / "status", "VmHWM:");
    use.resident_bytes = 1024 * kilobytes(folder_of(process) / "smaps_rollup", "Pss:");
    if (use.resident_bytes == 0) use.resident_bytes = 1024 * kilobytes(folder_of(process) / "status", "VmRSS:");
  }
  return true;
}

std::vector<int> children_of(int process) {
  std::vector<int> children;
  std::error_code error;
  for (fs::directory_iterator thread(folder_of(process) / "task", error), end; !error && thread != end;
       thread.increment(error)) {
    std::ifstream in(thread->path() / "children");
    for (int child = 0; in >> child;) children.push_back(child);
  }
  return children;
}

}  // namespace

std::vector<ProcessUse> process_tree(bool with_memory) {
  std::vector<ProcessUse> tree;
  std::vector<int> open{static_cast<int>(::getpid())};
  for (std::size_t i = 0; i < open.size(); ++i) {
    ProcessUse use;
    if (read_use(open[i], with_memory, use)) tree.push_back(use);
    for (const int child : children_of(open[i])) open.push_back(child);
  }
  return tree;
}

double ended_children_cpu_s() {
  rusage use{};
  ::getrusage(RUSAGE_CHILDREN, &use);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

double this_thread_cpu_s() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

std::optional<double> package_energy_j() {
  std::optional<double> sum;
  std::error_code error;
  for (fs::directory_iterator zone("/sys/class/powercap", error), end; !error && zone != end; zone.increment(error)) {
    // intel-rapl:0 is a package; intel-rapl:0:0 is a part of it.
    const std::string name = zone->path().filename().string();
    if (!name.starts_with("intel-rapl:") || name.find(':', 11) != std::string::npos) continue;
    std::ifstream in(zone->path() / "energy_uj");
    double microjoules = 0;
    if (in >> microjoules) sum = sum.value_or(0) + microjoules / 1e6;
  }
  return sum;
}

}  // namespace capillaryx
