// SPDX-License-Identifier: Apache-2.0
// The program's own analyzer, but at chosen frames it does what an analyzer must not do: CAPILLARYX_FAULTS says what at
// which, "throw:5,crash:11". `--analyzer lib:...` loads it.
#include <capillaryx/analyzer.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace {

class FaultyAnalyzer : public capillaryx::Analyzer {
 public:
  explicit FaultyAnalyzer(std::unique_ptr<Analyzer> sound) : sound_(std::move(sound)) {
    const char* given = std::getenv("CAPILLARYX_FAULTS");
    std::istringstream faults(given != nullptr ? given : "");
    for (std::string fault; std::getline(faults, fault, ',');) {
      const auto colon = fault.find(':');
      faults_[std::atoll(fault.c_str() + colon + 1)] = fault.substr(0, colon);
    }
  }

  std::string name() const override { return "faulty"; }
  std::string version() const override { return "1"; }
  capillaryx::ModelIdentity model() const override { return sound_->model(); }

  capillaryx::FrameResult analyze(const capillaryx::Frame& frame) override {
    const auto fault = faults_.find(frame.info().index);
    if (fault == faults_.end()) return sound_->analyze(frame);
    if (fault->second == "throw") throw std::runtime_error("no skin in sight");
    if (fault->second == "crash") std::raise(SIGSEGV);
    if (fault->second == "exit") std::_Exit(3);
    if (fault->second == "sleep") std::this_thread::sleep_for(std::chrono::hours(1));
    if (fault->second == "leak") {
      while (true) std::memset(new char[1 << 20], 1, 1 << 20);
    }
    throw std::runtime_error("a fault that this analyzer does not know");
  }

 private:
  std::unique_ptr<Analyzer> sound_;
  std::map<std::int64_t, std::string> faults_;
};

std::unique_ptr<capillaryx::Analyzer> make(const capillaryx::Options& options) {
  capillaryx::Options sound = options;
  sound.analyzer = "capillary";
  return std::make_unique<FaultyAnalyzer>(capillaryx::make_analyzer(sound));
}

}  // namespace

CAPILLARYX_ANALYZER_LIBRARY(make)
