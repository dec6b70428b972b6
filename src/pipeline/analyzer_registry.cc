// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <mutex>
#include <utility>

#include "capillaryx/analyzer.h"
#include "capillaryx/error.h"
#include "comparators/comparators.h"
#include "networks/network_analyzer.h"
#include "pipeline/analyzer_place.h"
#include "pipeline/library_analyzer.h"

namespace capillaryx {
namespace {

/// Those that the capillaryx program has too.
std::map<std::string, AnalyzerFactory> shipped_factories() {
  return {{"capillary", make_model_analyzer},
          {"model:", make_named_model_analyzer},
          {"background-ssim", make_background_ssim_analyzer},
          {"tophat-skeleton", make_tophat_skeleton_analyzer},
          {"clahe-otsu", make_clahe_otsu_analyzer},
          {"lib:", make_library_analyzer}};
}

struct Registry {
  std::mutex mutex;
  std::map<std::string, AnalyzerFactory> factories = shipped_factories();
};

/// Never destroyed: a thread may still ask for an analyzer while the program ends.
Registry& registry() {
  static auto* const kKept = new Registry;
  return *kKept;
}

/// The factory of that name, else of its prefix: "python:" for "python:package.Class".
AnalyzerFactory find_factory(const std::string& name) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  auto found = all.factories.find(name);
  if (found == all.factories.end() && name.find(':') != std::string::npos) {
    found = all.factories.find(name.substr(0, name.find(':') + 1));
  }
  return found == all.factories.end() ? AnalyzerFactory() : found->second;
}

}  // namespace

void register_analyzer(const std::string& name, AnalyzerFactory factory) {
  if (name.empty() || !factory) throw Error(ErrorKind::kUsage, "an analyzer needs a name and a factory");
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  if (!all.factories.emplace(name, std::move(factory)).second) {
    throw Error(ErrorKind::kUsage, "there is an analyzer '" + name + "' already: choose another name");
  }
}

bool is_shipped_analyzer(const std::string& name) {
  // The Python package registers its own, and starts workers that have them.
  const std::string prefix = name.substr(0, name.find(':') + 1);
  return prefix == "python:" || shipped_factories().contains(prefix.empty() ? name : prefix);
}

void check_analyzer_place(const Options& options) {
  const bool driver = options.executor == ExecutorKind::kDriver && options.worker_kind == WorkerKind::kProcess;
  if (!driver && options.executor != ExecutorKind::kRouter) return;
  if (!options.worker_command.empty() || is_shipped_analyzer(options.analyzer) || !find_factory(options.analyzer))
    return;
  throw Error(ErrorKind::kUsage,
              "the analyzer '" + options.analyzer +
                  "' is part of this program; worker processes run the capillaryx program, which does not have it: set "
                  "worker_kind to thread, or build the analyzer as a shared library and name it lib:FILE");
}

std::unique_ptr<Executor> make_checked_executor(const Options& options) {
  check_analyzer_place(options);
  // Workers make their own. Nothing can be wrong with the shipped ones.
  if (options.analyzer != Options().analyzer || !options.model.empty()) make_analyzer(options);
  return make_executor(options);
}

std::vector<std::string> analyzer_names() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::vector<std::string> names;
  names.reserve(all.factories.size());
  for (const auto& [name, factory] : all.factories) names.push_back(name);
  return names;
}

std::unique_ptr<Analyzer> make_analyzer(const Options& options) {
  const AnalyzerFactory factory = find_factory(options.analyzer);
  if (!factory) {
    if (options.analyzer.starts_with("python:")) {
      throw Error(ErrorKind::kUsage,
                  "a python: analyzer needs the Python package, whose capillaryx command runs it: "
                  "pip install the checkout (docs/python.md)");
    }
    std::string names;
    for (const std::string& name : analyzer_names()) {
      names += (names.empty() ? "" : ", ") + name + (name.ends_with(':') ? "..." : "");
    }
    throw Error(ErrorKind::kUsage, "there is no analyzer '" + options.analyzer + "'; there are: " + names);
  }
  auto analyzer = factory(options);
  if (!analyzer) throw Error(ErrorKind::kUsage, "the factory of analyzer '" + options.analyzer + "' gave none");
  return analyzer;
}

}  // namespace capillaryx
