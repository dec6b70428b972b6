// SPDX-License-Identifier: Apache-2.0
// Frames per second of 1 to 1,000 nodes: the scheduler itself in virtual time, with measured costs put in.
//   scaling_simulation FRAME_MS DRIVER_MS MESSAGE_MS CORES_A_NODE [NODES...]    prints a line of JSON a number of nodes
// FRAME_MS: of one frame on one core; DRIVER_MS: of the driver for one frame, which it does one after another;
// MESSAGE_MS: from driver to worker or back.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <vector>

#include "capillaryx/options.h"
#include "executor/driver_executor.h"
#include "executor/scheduler_simulation.h"

namespace {

using namespace capillaryx;  // NOLINT: a program's own file

std::optional<double> number(const char* text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), value);
  if (error != std::errc{} || *end != '\0' || !(value >= 0)) return std::nullopt;
  return value;
}

SimulationOptions::Time milliseconds(double ms) {
  return std::chrono::duration_cast<SimulationOptions::Time>(std::chrono::duration<double, std::milli>(ms));
}

double frames_per_s(double frame_ms, double driver_ms, double message_ms, int workers) {
  SimulationOptions options;
  options.limits = scheduler_limits(Options{}, workers);
  // Several turns of every worker, so that start and end weigh little.
  options.frames = std::max<std::int64_t>(2000, std::int64_t{40} * workers);
  options.frame_time = milliseconds(frame_ms);
  options.start_time = SimulationOptions::Time{1};
  options.message_time = milliseconds(message_ms);
  options.driver_time = milliseconds(driver_ms);
  const SimulationReport report = simulate(options);
  if (!report.violation.empty() || !report.fatal.empty()) return 0;
  return static_cast<double>(report.ok) / std::chrono::duration<double>(report.ended).count();
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<double> values;
  for (int i = 1; i < argc; ++i) {
    const auto value = number(argv[i]);
    if (!value) {
      std::fprintf(stderr, "scaling_simulation: '%s' is no number\n", argv[i]);
      return 2;
    }
    values.push_back(*value);
  }
  if (values.size() < 4 || values[3] < 1) {
    std::fputs("usage: scaling_simulation FRAME_MS DRIVER_MS MESSAGE_MS CORES_A_NODE [NODES...]\n", stderr);
    return 2;
  }
  if (values.size() == 4) {
    for (const double count : {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}) values.push_back(count);
  }
  for (std::size_t i = 4; i < values.size(); ++i) {
    const double count = values[i];
    const int workers = static_cast<int>(count * values[3]);
    std::printf("{\"nodes\":%.0f,\"workers\":%d,\"frames_per_s\":%.6g}\n", count, workers,
                frames_per_s(values[0], values[1], values[2], workers));
  }
  return 0;
}
