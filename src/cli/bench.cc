// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "capillaryx/error.h"
#include "capillaryx/pipeline.h"
#include "cli/bench_measure.h"
#include "cli/bench_table.h"
#include "cli/child_output.h"
#include "cli/commands.h"
#include "cli/option_flags.h"
#include "cli/terminal.h"
#include "options/options_json.h"
#include "os/machine.h"
#include "os/process.h"

namespace capillaryx::cli {
namespace {

using nlohmann::json;

constexpr const char* kExamples = R"(Examples:
  capillaryx bench frames -o bench.json                     the three architectures of the paper
  capillaryx bench frames --frames 20 --rounds 1            a quick look
  capillaryx bench frames --peer                            the paper's own stack beside it

Serial, router and driver analyse the same frames; their results are compared first, then their times, in rounds
that take turns. scripts/figures.py draws the paper's figures 5, 6 and 7 from the JSON.)";

struct BenchArguments {
  std::vector<std::string> inputs;
  std::string output = "bench.json";
  std::int64_t rounds = 5;
  std::int64_t most_workers = 0;
  bool overlays = false;
  bool peer = false;
  std::string peer_python = "build/peer-venv/bin/python";
  std::string peer_script = "../shared/peers/seed_stack/seed_stack.py";
  std::string measured;  ///< internal: options of the one run to measure, JSON
  Options options;
};

/// The runs that are compared: serial, then router and driver with 1, 2, ... workers, the driver's threads, as many
/// serial programs side by side (what the machine can give), the peer.
std::vector<BenchRow> plan(const BenchArguments& arguments) {
  const int cores = machine_info().cores;
  const int most = arguments.most_workers > 0 ? static_cast<int>(arguments.most_workers) : cores;
  std::vector<BenchRow> rows;
  rows.push_back({.name = "serial", .architecture = "serial", .workers = 1});
  for (const char* architecture : {"router", "driver"}) {
    for (int workers = 1; workers <= most; ++workers) {
      rows.push_back({.name = fmt::format("{}, {} worker{}", architecture, workers, workers == 1 ? "" : "s"),
                      .architecture = architecture,
                      .workers = workers});
    }
  }
  rows.push_back({.name = fmt::format("driver, {} threads", most), .architecture = "threads", .workers = most});
  rows.push_back(
      {.name = fmt::format("{} serial programs", most), .architecture = std::string(kSideBySide), .workers = most});
  if (arguments.peer) {
    rows.push_back({.name = "peer serial", .architecture = "serial", .workers = 1, .peer = true});
    rows.push_back({.name = fmt::format("peer Ray Serve, {} workers", most),
                    .architecture = "serve",
                    .workers = most,
                    .peer = true});
    rows.push_back({.name = fmt::format("peer Ray driver, {} workers", most),
                    .architecture = "driver",
                    .workers = most,
                    .peer = true});
  }
  for (BenchRow& row : rows) row.paper_default = row.architecture == "router" && row.workers == std::max(cores - 2, 1);
  return rows;
}

json measured_run(const BenchArguments& arguments, const BenchRow& row) {
  Options options = arguments.options;
  options.workers = row.workers;
  options.overlays = arguments.overlays;
  const bool serial = row.architecture == "serial" || row.architecture == kSideBySide;
  options.executor = serial                         ? ExecutorKind::kSerial
                     : row.architecture == "router" ? ExecutorKind::kRouter
                                                    : ExecutorKind::kDriver;
  options.worker_kind = row.architecture == "threads" ? WorkerKind::kThread : WorkerKind::kProcess;
  std::vector<std::string> command{program_path(), "bench", "--measure", options_to_json(options).dump(), "--"};
  command.insert(command.end(), arguments.inputs.begin(), arguments.inputs.end());
  return json::parse(output_of(command));
}

json run_own(const BenchArguments& arguments, const BenchRow& row) {
  if (row.architecture != kSideBySide) return measured_run(arguments, row);
  std::vector<std::future<json>> programs;
  for (int i = 0; i < row.workers; ++i) {
    programs.push_back(std::async(std::launch::async, [&] { return measured_run(arguments, row); }));
  }
  std::vector<json> runs;
  for (auto& program : programs) runs.push_back(program.get());
  return joined_runs(runs);
}

json run_peer(const BenchArguments& arguments, const BenchRow& row) {
  std::vector<std::string> command{std::filesystem::absolute(arguments.peer_python).string(), arguments.peer_script,
                                   row.architecture};
  command.insert(command.end(), arguments.inputs.begin(), arguments.inputs.end());
  for (const std::string& word : {std::string("--frames"), std::to_string(arguments.options.frames),
                                  std::string("--workers"), std::to_string(row.workers), std::string("--json")}) {
    command.push_back(word);
  }
  const std::string text = output_of(command);
  // Libraries of the peer may print before its one line.
  const std::size_t start = text.rfind('{', text.find("\"architecture\""));
  const json told = json::parse(start == std::string::npos ? text : text.substr(start));
  const double frames = told.at("frames").get<double>();
  return json{{"wall_s", told.at("ms_per_frame").get<double>() * frames / 1e3},
              {"frames", frames},
              {"cpu_s", told.at("cpu_s_per_frame").get<double>() * frames}};
}

/// Equal answers first: a comparison of times means nothing without.
void compare(const BenchRow& row, const json& run, std::string& digest) {
  if (row.peer) return;
  const auto& now = run.at("digest").get_ref<const std::string&>();
  if (digest.empty()) digest = now;
  if (now != digest) {
    throw Error(ErrorKind::kInternal, row.name + " gave other results than serial: their times cannot be compared");
  }
}

void check_peer(const BenchArguments& arguments) {
  if (!arguments.peer) return;
  for (const std::string& file : {arguments.peer_python, arguments.peer_script}) {
    if (!std::filesystem::exists(file)) {
      throw Error(ErrorKind::kInput, "the peer's " + printable(file) +
                                         " is not there: run scripts/peer.sh at the top of the "
                                         "checkout, or say where it is (--peer-python, --peer-script)");
    }
  }
}

int bench(const BenchArguments& arguments) {
  check_peer(arguments);
  std::vector<BenchRow> rows = plan(arguments);
  std::string digest;
  for (std::int64_t round = 0; round <= arguments.rounds; ++round) {
    for (BenchRow& row : rows) {
      // Round 0 compares results only, over a part of the frames' time.
      if (round == 0 && row.peer) continue;
      fmt::print(stderr, "{}: {}\n",
                 round == 0 ? "comparing results" : fmt::format("round {} of {}", round, arguments.rounds), row.name);
      const json run = row.peer ? run_peer(arguments, row) : run_own(arguments, row);
      compare(row, run, digest);
      if (round > 0) row.runs.push_back(run);
    }
  }
  json report = bench_report(rows);
  const BuildInfo build = build_info();
  const MachineInfo machine = machine_info();
  report["version"] = build.version;
  report["commit"] = build.commit;
  report["build"] = build.build;
  report["model"] = {{"name", build.model.name}, {"sha256", build.model.sha256}};
  report["machine"] = {{"processor", machine.processor},
                       {"cores", machine.cores},
                       {"memory_mb", machine.memory_mb},
                       {"system", machine.system}};
  report["inputs"] = arguments.inputs;
  report["frames"] = arguments.options.frames;
  report["rounds"] = arguments.rounds;
  report["overlays"] = arguments.overlays;
  report["results_digest"] = digest;
  fmt::print("{}", bench_text(report));
  std::ofstream out(arguments.output, std::ios::binary | std::ios::trunc);
  out << report.dump(1) << "\n";
  out.close();
  if (!out) throw Error(ErrorKind::kOutput, arguments.output + " cannot be written");
  fmt::print("\nwritten: {}\nResearch use only, not for diagnosis.\n", printable(arguments.output));
  return kAllAnalysed;
}

int measure_one(const BenchArguments& arguments) {
  const Options options = options_from_json_text(arguments.measured);
  fmt::print("{}\n", measure(arguments.inputs, options, options.frames).dump());
  return kAllAnalysed;
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("bench", "Measures serial, router and driver against each other on this machine");
  const auto arguments = std::make_shared<BenchArguments>();
  arguments->options.frames = 100;
  command->add_option("INPUT", arguments->inputs, "as for analyze; repeated until there are frames enough")->required();
  command->add_option("-o,--output", arguments->output, "JSON of everything measured (default bench.json)")
      ->type_name("FILE");
  command->add_option("--rounds", arguments->rounds, "times that each is measured, taking turns (default 5)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  command->add_option("--most-workers", arguments->most_workers, "compare 1 to N workers (default: one a core)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--overlays", arguments->overlays, "draw the overlays too (the peer does not write any)");
  command->add_flag("--peer", arguments->peer, "measure the paper's own stack beside it (scripts/peer.sh sets it up)");
  command->add_option("--peer-python", arguments->peer_python, "the Python that has what the peer needs")
      ->type_name("FILE");
  command->add_option("--peer-script", arguments->peer_script, "the peer's program")->type_name("FILE");
  command->add_option("--measure", arguments->measured, "")->group("");
  add_option_flags(*command, arguments->options, [](const FieldInfo& info) {
    return info.name == "frames" || info.name == "model" || info.name == "analyzer" || info.name == "sandbox" ||
           info.group == "algorithm";
  });
  command->footer(kExamples);
  command->callback([&action, arguments] {
    action = [arguments] { return arguments->measured.empty() ? bench(*arguments) : measure_one(*arguments); };
  });
}

}  // namespace capillaryx::cli
