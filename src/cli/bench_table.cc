// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "executor/scheduler_simulation.h"
#include "sink/bootstrap.h"

namespace capillaryx::cli {
namespace {

using nlohmann::json;

constexpr double kBytesPerMb = 1e6;
constexpr int kMostSimulatedWorkers = 64;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return percentile(values, 0.5);
}

/// One figure of every run of a row; runs that lack it are left out.
std::vector<double> figures(const BenchRow& row, const char* key, bool a_frame) {
  std::vector<double> values;
  for (const json& run : row.runs) {
    const auto found = run.find(key);
    if (found == run.end() || !found->is_number()) continue;
    values.push_back(found->get<double>() / (a_frame ? run.at("frames").get<double>() : 1));
  }
  return values;
}

json median_or_null(const std::vector<double>& values) { return values.empty() ? json(nullptr) : json(median(values)); }

json largest_mb(const BenchRow& row, const char* key) {
  const std::vector<double> values = figures(row, key, false);
  const double largest = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  return largest > 0 ? json(largest / kBytesPerMb) : json(nullptr);
}

json describe(const BenchRow& row, double serial_ms) {
  std::vector<double> rounds_ms = figures(row, "wall_s", true);
  for (double& value : rounds_ms) value *= 1e3;
  const double ms = median(rounds_ms);
  json made{{"name", row.name},
            {"architecture", row.architecture},
            {"workers", row.workers},
            {"peer", row.peer},
            {"paper_default", row.paper_default},
            {"simulated", false},
            {"rounds_ms", rounds_ms},
            {"ms_per_frame", ms},
            {"ms_per_frame_least", *std::min_element(rounds_ms.begin(), rounds_ms.end())},
            {"frames_per_s", 1e3 / ms},
            {"speed_up", serial_ms / ms},
            {"efficiency", serial_ms / ms / row.workers},
            {"cpu_s_per_frame", median_or_null(figures(row, "cpu_s", true))},
            {"joules_per_frame", median_or_null(figures(row, "energy_j", true))},
            {"start_s", median_or_null(figures(row, "start_s", false))},
            {"driver_peak_mb", largest_mb(row, "driver_peak_bytes")},
            {"driver_resident_mb", largest_mb(row, "driver_resident_bytes")},
            {"worker_peak_mb", largest_mb(row, "worker_peak_bytes")},
            {"worker_resident_mb", largest_mb(row, "worker_resident_bytes")}};
  std::vector<double> cores;
  std::vector<double> driver_cores;
  std::vector<double> frame_ms;
  for (const json& run : row.runs) {
    const double wall_s = run.at("wall_s").get<double>();
    cores.push_back(run.at("cpu_s").get<double>() / wall_s);
    if (row.peer) continue;
    driver_cores.push_back(run.at("driver_cpu_s").get<double>() / wall_s);
    for (const json& value : run.at("frame_ms")) frame_ms.push_back(value.get<double>());
  }
  made["cpu_cores"] = median(cores);
  made["driver_cores"] = median_or_null(driver_cores);
  if (!frame_ms.empty()) {
    std::sort(frame_ms.begin(), frame_ms.end());
    made["frame_ms"] = {{"mean", mean(frame_ms)},
                        {"p50", percentile(frame_ms, 0.5)},
                        {"p95", percentile(frame_ms, 0.95)},
                        {"p99", percentile(frame_ms, 0.99)}};
    if (row.runs.front().contains("cpu_over_time")) made["cpu_over_time"] = row.runs.front()["cpu_over_time"];
  }
  return made;
}

/// The driver's frames per second as a part of what the machine can give: of as many serial programs side by side.
json against_programs(const json& rows) {
  for (const json& programs : rows) {
    if (programs["architecture"] != kSideBySide) continue;
    for (const json& row : rows) {
      if (row["peer"].get<bool>() || row["architecture"] != "driver" || row["workers"] != programs["workers"]) continue;
      const auto part = [&](const char* key) { return programs[key].get<double>() / row[key].get<double>(); };
      return {{"workers", row["workers"]},
              {"part", part("ms_per_frame")},
              {"part_of_least", part("ms_per_frame_least")},
              {"driver_cores", row["driver_cores"]}};
    }
  }
  return nullptr;
}

std::chrono::nanoseconds from_ms(double ms) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::max(ms, 0.0) * 1e6));
}

/// The driver with more workers than there are cores here: its scheduler in virtual time, with what a frame and its
/// dispatch cost in the measured run.
json simulated_points(const json& rows) {
  const json* measured = nullptr;
  for (const json& row : rows) {
    if (!row["peer"].get<bool>() && row["architecture"] == "driver") measured = &row;
  }
  json points = json::array();
  if (measured == nullptr || !measured->contains("frame_ms")) return points;
  const int cores = (*measured)["workers"].get<int>();
  const double frame_ms = (*measured)["frame_ms"]["mean"].get<double>();
  const double driver_ms = (*measured)["driver_cores"].get<double>() * (*measured)["ms_per_frame"].get<double>();
  for (int workers = 1; workers <= kMostSimulatedWorkers; workers *= 2) {
    SimulationOptions options;
    options.limits.workers = workers;
    options.limits.max_unfinished = 4LL * workers;
    options.limits.max_undelivered = 16LL * workers;
    options.frames = 200LL * workers;
    options.frame_time = from_ms(frame_ms);
    options.driver_time = from_ms(driver_ms);
    options.start_time = std::chrono::nanoseconds(0);
    const SimulationReport report = simulate(options);
    const double ms =
        std::chrono::duration<double, std::milli>(report.ended).count() / static_cast<double>(options.frames);
    points.push_back({{"architecture", "driver"},
                      {"workers", workers},
                      {"simulated", true},
                      {"measured_here", workers <= cores},
                      {"ms_per_frame", ms}});
  }
  return json{{"frame_ms", frame_ms}, {"driver_ms", driver_ms}, {"points", points}};
}

std::string cell(const json& row, const char* key, const char* format = "{:.2f}") {
  const auto found = row.find(key);
  if (found == row.end() || !found->is_number()) return "-";
  return fmt::format(fmt::runtime(format), found->get<double>());
}

}  // namespace

json joined_runs(const std::vector<json>& runs) {
  json joined = runs.at(0);
  joined.erase("cpu_over_time");
  double frames_per_s = 0;
  for (const json& run : runs) frames_per_s += run.at("frames").get<double>() / run.at("wall_s").get<double>();
  for (std::size_t i = 1; i < runs.size(); ++i) {
    const json& run = runs[i];
    if (run.at("digest") != joined.at("digest")) joined["digest"] = "programs side by side gave different results";
    for (const char* key : {"frames", "failed", "cpu_s", "driver_cpu_s"}) {
      joined[key] = joined[key].get<double>() + run.at(key).get<double>();
    }
    joined["energy_j"] = nullptr;  // each has counted that of all
    for (const char* key :
         {"start_s", "driver_peak_bytes", "driver_resident_bytes", "worker_peak_bytes", "worker_resident_bytes"}) {
      joined[key] = std::max(joined[key].get<double>(), run.at(key).get<double>());
    }
    for (const json& value : run.at("frame_ms")) joined["frame_ms"].push_back(value);
  }
  joined["wall_s"] = joined["frames"].get<double>() / frames_per_s;
  return joined;
}

double percent_faster(double faster_ms, double slower_ms) { return 100 * (slower_ms - faster_ms) / slower_ms; }

json bench_report(const std::vector<BenchRow>& rows) {
  std::vector<double> serial_ms = figures(rows.at(0), "wall_s", true);
  const double serial = 1e3 * median(serial_ms);
  json report{{"type", "bench"}, {"schema", 1}, {"rows", json::array()}, {"faster", json::array()}};
  for (const BenchRow& row : rows) {
    // A peer's speed-up is counted from its own serial program.
    double base = serial;
    for (const BenchRow& other : rows) {
      if (row.peer && other.peer && other.architecture == "serial") {
        base = 1e3 * median(figures(other, "wall_s", true));
      }
    }
    report["rows"].push_back(describe(row, base));
  }
  for (const json& a : report["rows"]) {
    for (const json& b : report["rows"]) {
      const double a_ms = a["ms_per_frame"].get<double>();
      const double b_ms = b["ms_per_frame"].get<double>();
      if (a_ms >= b_ms) continue;
      report["faster"].push_back({{"faster", a["name"]},
                                  {"slower", b["name"]},
                                  {"percent", percent_faster(a_ms, b_ms)},
                                  {"times", b_ms / a_ms}});
    }
  }
  report["against_programs"] = against_programs(report["rows"]);
  report["simulation"] = simulated_points(report["rows"]);
  return report;
}

std::string bench_text(const json& report) {
  const json& machine = report["machine"];
  std::string text = fmt::format("{}, {} cores; {} frames, {} rounds; the same results from all\n\n",
                                 machine["processor"].get<std::string>(), machine["cores"].get<int>(),
                                 report["frames"].get<std::int64_t>(), report["rounds"].get<std::int64_t>());
  text += fmt::format("{:28}{:>9}{:>8}{:>8}{:>8}{:>9}{:>7}{:>8}{:>10}{:>9}{:>10}{:>6}{:>10}{:>6}\n", "", "ms/frame",
                      "p50", "p95", "p99", "speed-up", "eff.", "cores", "CPU s/fr.", "J/fr.", "driver MB", "PSS",
                      "worker MB", "PSS");
  for (const json& row : report["rows"]) {
    const json frame = row.value("frame_ms", json::object());
    text += fmt::format("{:28}{:>9}{:>8}{:>8}{:>8}{:>9}{:>7}{:>8}{:>10}{:>9}{:>10}{:>6}{:>10}{:>6}\n",
                        row["name"].get<std::string>() + (row["paper_default"].get<bool>() ? " *" : ""),
                        cell(row, "ms_per_frame", "{:.1f}"), cell(frame, "p50", "{:.1f}"), cell(frame, "p95", "{:.1f}"),
                        cell(frame, "p99", "{:.1f}"), cell(row, "speed_up"), cell(row, "efficiency"),
                        cell(row, "cpu_cores"), cell(row, "cpu_s_per_frame", "{:.4f}"), cell(row, "joules_per_frame"),
                        cell(row, "driver_peak_mb", "{:.0f}"), cell(row, "driver_resident_mb", "{:.0f}"),
                        cell(row, "worker_peak_mb", "{:.0f}"), cell(row, "worker_resident_mb", "{:.0f}"));
  }
  text +=
      "\nms/frame: wall time over frames, median of the rounds. p50 to p99: one frame in its worker, reading to "
      "result.\n"
      "MB: the most resident memory that any had; PSS: at the end, with a fair part of what several processes share.\n"
      "* the paper's number of workers, two cores held back. J: not readable here where '-'.\n\n";
  if (const json& against = report["against_programs"]; !against.is_null()) {
    text += fmt::format(
        "The driver with {0} workers gives {1:.3f} of the frames/s of {0} serial programs side by side (the best "
        "rounds "
        "of both: {2:.3f}); its own process uses {3:.2f} % of a core.\n\n",
        against["workers"].get<int>(), against["part"].get<double>(), against["part_of_least"].get<double>(),
        100 * against["driver_cores"].get<double>());
  }
  text += "Faster by (paper, Eq. 1):\n";
  for (const json& pair : report["faster"]) {
    text += fmt::format("  {:28} than {:28} {:5.1f} %  ({:.2f} times)\n", pair["faster"].get<std::string>(),
                        pair["slower"].get<std::string>(), pair["percent"].get<double>(), pair["times"].get<double>());
  }
  return text;
}

}  // namespace capillaryx::cli
