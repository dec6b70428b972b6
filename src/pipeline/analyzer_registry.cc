// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <mutex>
#include <utility>

#include "analysis/capillary_analyzer.h"
#include "capillaryx/analyzer.h"
#include "capillaryx/error.h"

namespace capillaryx {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::string, AnalyzerFactory> factories{{"capillary", make_capillary_analyzer}};
};

/// Never destroyed: a thread may still ask for an analyzer while the program ends.
Registry& registry() {
  static auto* const kept = new Registry;
  return *kept;
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

std::vector<std::string> analyzer_names() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::vector<std::string> names;
  names.reserve(all.factories.size());
  for (const auto& [name, factory] : all.factories) names.push_back(name);
  return names;
}

std::unique_ptr<Analyzer> make_analyzer(const Options& options) {
  Registry& all = registry();
  AnalyzerFactory factory;
  {
    const std::lock_guard lock(all.mutex);
    if (const auto found = all.factories.find(options.analyzer); found != all.factories.end()) factory = found->second;
  }
  if (!factory) {
    std::string names;
    for (const std::string& name : analyzer_names()) names += (names.empty() ? "" : ", ") + name;
    throw Error(ErrorKind::kUsage, "there is no analyzer '" + options.analyzer + "'; there are: " + names);
  }
  auto analyzer = factory(options);
  if (!analyzer) throw Error(ErrorKind::kUsage, "the factory of analyzer '" + options.analyzer + "' gave none");
  return analyzer;
}

}  // namespace capillaryx
