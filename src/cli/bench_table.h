// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace capillaryx::cli {

/// An architecture of BenchRow: as many serial programs as the row has workers, at the same time on the same frames.
constexpr std::string_view kSideBySide = "side by side";

/// One thing that is measured, and what each round gave.
struct BenchRow {
  std::string name;
  std::string architecture;  ///< serial, router, driver, threads, kSideBySide; of a peer what it calls its own
  int workers = 1;
  bool peer = false;
  bool paper_default = false;  ///< the router with the paper's number of workers: cores - 2, at least 1
  std::vector<nlohmann::json> runs = {};
};

/// What programs that ran side by side gave as one: their frames per second are added up.
nlohmann::json joined_runs(const std::vector<nlohmann::json>& runs);

/// Percentage by which the faster of two is faster (paper, Eq. 1): (slower - faster) / slower, execution times.
double percent_faster(double faster_ms, double slower_ms);

/// Everything that bench.json says of the rows. The execution time of a row is the median over its rounds of wall time
/// a frame (paper, V-A); the first row is the serial one that speed-up is counted from.
nlohmann::json bench_report(const std::vector<BenchRow>& rows);

/// The same as tables for a person.
std::string bench_text(const nlohmann::json& report);

}  // namespace capillaryx::cli
