// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "capillaryx/analyzer.h"
#include "capillaryx/error.h"

namespace capillaryx {
namespace {

class NamedAnalyzer : public Analyzer {
 public:
  explicit NamedAnalyzer(std::string name) : name_(std::move(name)) {}
  std::string name() const override { return name_; }
  std::string version() const override { return "1"; }
  ModelIdentity model() const override { return {}; }
  FrameResult analyze(const Frame& /*frame*/) override { return {}; }

 private:
  std::string name_;
};

std::unique_ptr<Analyzer> make_named(const Options& options) {
  return std::make_unique<NamedAnalyzer>(options.analyzer);
}

std::string error_of(const std::string& analyzer) {
  Options options;
  options.analyzer = analyzer;
  try {
    make_analyzer(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(AnalyzerRegistry, ANameThatEndsWithAColonStandsForAllThatBeginSo) {
  register_analyzer("test:", make_named);
  Options options;
  options.analyzer = "test:some.thing:else";
  EXPECT_EQ(make_analyzer(options)->name(), "test:some.thing:else");
  EXPECT_THAT(error_of("tes:t"), ::testing::HasSubstr("there is no analyzer 'tes:t'"));
}

TEST(AnalyzerRegistry, ANameThatIsTakenIsRefused) {
  register_analyzer("taken", make_named);
  EXPECT_THROW(register_analyzer("taken", make_named), Error);
}

TEST(AnalyzerRegistry, APythonAnalyzerNamesThePackageThatRunsIt) {
  EXPECT_THAT(error_of("python:package.Class"), ::testing::HasSubstr("Python package"));
}

}  // namespace
}  // namespace capillaryx
