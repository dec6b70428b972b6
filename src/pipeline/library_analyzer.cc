// SPDX-License-Identifier: Apache-2.0
#include "pipeline/library_analyzer.h"

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "capillaryx/error.h"
#include "image/image.h"
#include "os/loaded_library.h"

namespace capillaryx {
namespace {

constexpr const char* kPrefix = "lib:";
constexpr const char* kSymbol = "capillaryx_analyzer_library";
constexpr const char* kHowTo = "docs/custom_algorithms.md shows how one is written and built";

[[noreturn]] void refuse(const std::string& file, const std::string& reason) {
  throw Error(ErrorKind::kUsage, fmt::format("--analyzer {}{}: {}", kPrefix, file, reason));
}

std::string file_hash(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in || bytes.empty()) refuse(file, "cannot be read");
  return sha256_hex(bytes);
}

/// The analyzer of the library with what identifies it asked once, where a failure still is one of starting.
class LibraryAnalyzer : public Analyzer {
 public:
  LibraryAnalyzer(std::unique_ptr<Analyzer> own, const std::string& file)
      : own_(std::move(own)), name_(own_->name()), version_(own_->version()), model_(own_->model()) {
    if (model_.sha256.empty()) model_.sha256 = file_hash(file);
  }

  std::string name() const override { return name_; }
  std::string version() const override { return version_; }
  ModelIdentity model() const override { return model_; }
  FrameResult analyze(const Frame& frame) override { return own_->analyze(frame); }

 private:
  std::unique_ptr<Analyzer> own_;
  std::string name_, version_;
  ModelIdentity model_;
};

LoadedLibrary load(const std::string& file) {
  try {
    return LoadedLibrary(file);
  } catch (const Error& error) {
    refuse(file, fmt::format("{}; {}", error.what(), kHowTo));
  }
}

const AnalyzerLibrary& exported_by(const std::string& file) {
  const auto* found = static_cast<const AnalyzerLibrary*>(load(file).find(kSymbol));
  if (found == nullptr) {
    refuse(file,
           fmt::format("is a shared library without an algorithm for CapillaryX: it exports no {}, which the line "
                       "CAPILLARYX_ANALYZER_LIBRARY(function) writes; {}",
                       kSymbol, kHowTo));
  }
  constexpr AnalyzerLibrary kOurs;
  // The number first: nothing is known of what stands behind another one.
  const bool same_abi = found->abi == kOurs.abi;
  if (!same_abi || found->options_bytes != kOurs.options_bytes || found->result_bytes != kOurs.result_bytes) {
    const std::string theirs = same_abi ? fmt::format("{}.{}.{}", found->abi, found->options_bytes, found->result_bytes)
                                        : std::to_string(found->abi);
    refuse(file, fmt::format("was built for another version of CapillaryX (its interface is {}, this program's "
                             "{}.{}.{}): build it again with the headers of this version",
                             theirs, kOurs.abi, kOurs.options_bytes, kOurs.result_bytes));
  }
  if (found->make == nullptr) refuse(file, fmt::format("its factory is a null pointer; {}", kHowTo));
  return *found;
}

}  // namespace

std::unique_ptr<Analyzer> make_library_analyzer(const Options& options) {
  const std::string file = options.analyzer.substr(std::string(kPrefix).size());
  if (file.empty()) refuse(file, fmt::format("name a file, as in --analyzer lib:./mine.so; {}", kHowTo));
  const AnalyzerLibrary& library = exported_by(file);
  try {
    auto analyzer = library.make(options);
    if (!analyzer) refuse(file, "its factory made no analyzer");
    return std::make_unique<LibraryAnalyzer>(std::move(analyzer), file);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    refuse(file, fmt::format("its analyzer cannot be made: {}", error.what()));
  } catch (...) {
    refuse(file, "its analyzer cannot be made: it threw something that is no std::exception");
  }
}

}  // namespace capillaryx
