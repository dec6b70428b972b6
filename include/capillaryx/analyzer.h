// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "capillaryx/frame.h"
#include "capillaryx/frame_result.h"
#include "capillaryx/options.h"

namespace capillaryx {

/// The one thing to replace in order to run another algorithm on every core.
///
/// An instance belongs to one worker and gets one call at a time. The same frame must give the same result on any
/// worker: keep no memory of earlier frames that changes a result. Different instances run at the same time.
class Analyzer {
 public:
  virtual ~Analyzer() = default;

  /// Names that go into every result, as results outlive the program.
  virtual std::string name() const = 0;
  virtual std::string version() const = 0;

  /// Name and SHA-256 of the network. An analyzer without one gives {}: results then have its own name and a hash of
  /// its name and version (of lib:FILE the hash of the file).
  virtual ModelIdentity model() const = 0;

  /// Analyses decoded pixels (8-bit, 1 or 3 channels, at least 1x1). Whatever it throws becomes this frame's `failed`.
  virtual FrameResult analyze(const Frame& frame) = 0;
};

/// Makes one analyzer for one worker. Called in the worker; throws Error (kModel, kUsage) where it cannot.
using AnalyzerFactory = std::function<std::unique_ptr<Analyzer>(const Options&)>;

/// Adds an algorithm under a name for `--analyzer NAME`; a name that ends with ':' stands for every name that begins
/// so. Call before the first run; throws Error (kUsage) on a name that is taken. Threads: any.
void register_analyzer(const std::string& name, AnalyzerFactory factory);

/// What a shared library exports for `--analyzer lib:FILE`, under the name `capillaryx_analyzer_library`
/// (CAPILLARYX_ANALYZER_LIBRARY writes it). A library whose numbers are not those of the program is refused unused.
struct AnalyzerLibrary {
  std::uint32_t abi = kAbi;  ///< the first, whatever changes behind it
  std::uint32_t options_bytes = sizeof(Options);
  std::uint32_t result_bytes = sizeof(FrameResult);
  /// Makes one analyzer for one worker, as an AnalyzerFactory does.
  std::unique_ptr<Analyzer> (*make)(const Options&) = nullptr;

  static constexpr AnalyzerLibrary of(std::unique_ptr<Analyzer> (*make)(const Options&)) {
    AnalyzerLibrary library;
    library.make = make;
    return library;
  }

  /// Grows with every change to what a library and this program tell each other.
  static constexpr std::uint32_t kAbi = 3;
};

/// Once in a shared library, outside of every namespace; `function` is its AnalyzerLibrary::make.
#define CAPILLARYX_ANALYZER_LIBRARY(function)                                                                  \
  extern "C" {                                                                                                 \
  __attribute__((visibility("default"))) extern const capillaryx::AnalyzerLibrary capillaryx_analyzer_library; \
  const capillaryx::AnalyzerLibrary capillaryx_analyzer_library = capillaryx::AnalyzerLibrary::of(function);   \
  }

/// The names that are registered, in order.
std::vector<std::string> analyzer_names();

/// Makes the analyzer that `options.analyzer` names. Throws Error (kUsage) on an unknown name. Threads: any.
std::unique_ptr<Analyzer> make_analyzer(const Options& options);

}  // namespace capillaryx
