// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/analyzer.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bindings.h"
#include "capillaryx/error.h"
#include "cli/program.h"
#include "executor/frame_worker.h"
#include "executor/process_worker.h"
#include "executor/worker_command.h"

namespace capillaryx::python {
namespace {

/// The traceback's last line, as Python prints it: "ValueError: no skin in sight".
std::string last_line(const nb::python_error& error) {
  try {
    const nb::object lines =
        nb::module_::import_("traceback").attr("format_exception_only")(error.type(), error.value());
    std::string text = nb::cast<std::string>(lines[nb::len(lines) - 1].attr("strip")());
    if (!text.empty()) return text;
  } catch (const nb::python_error&) {  // it cannot even be printed
  }
  return "the analyzer raised an exception that cannot be printed";
}

/// A Python analyzer: `object` has name, version, model (name, sha256) and run(frame) -> FrameResult.
class PythonAnalyzer : public Analyzer {
 public:
  explicit PythonAnalyzer(nb::object object) : object_(std::move(object)) {
    name_ = nb::cast<std::string>(object_.attr("name"));
    version_ = nb::cast<std::string>(object_.attr("version"));
    const nb::object model = object_.attr("model");
    model_ = {nb::cast<std::string>(model[0]), nb::cast<std::string>(model[1])};
  }
  ~PythonAnalyzer() override {
    const nb::gil_scoped_acquire gil;
    object_.reset();
  }
  PythonAnalyzer(const PythonAnalyzer&) = delete;
  PythonAnalyzer& operator=(const PythonAnalyzer&) = delete;

  std::string name() const override { return name_; }
  std::string version() const override { return version_; }
  ModelIdentity model() const override { return model_; }

  FrameResult analyze(const Frame& frame) override {
    const nb::gil_scoped_acquire gil;
    try {
      return from_python(object_.attr("run")(nb::cast(frame)));
    } catch (const nb::python_error& error) {
      throw std::runtime_error(last_line(error));
    } catch (const nb::cast_error&) {
      throw std::runtime_error("the analyzer's result has a field of a wrong type");
    }
  }

 private:
  nb::object object_;
  std::string name_;
  std::string version_;
  ModelIdentity model_;
};

/// `make(name, options_json)` makes the analyzer of "python:..." names from now on.
void set_python_analyzers(const nb::object& make) {
  // Never destroyed: a thread may ask for an analyzer while the interpreter ends.
  static nb::object* const kept = new nb::object();
  const bool first = !kept->is_valid();
  *kept = make;
  if (!first) return;
  register_analyzer("python:", [](const Options& options) -> std::unique_ptr<Analyzer> {
    const nb::gil_scoped_acquire gil;
    try {
      return std::make_unique<PythonAnalyzer>((*kept)(options.analyzer));
    } catch (const nb::python_error& error) {
      throw Error(ErrorKind::kUsage, "the analyzer '" + options.analyzer + "' cannot be made: " + last_line(error));
    }
  });
}

/// One analyzer and what a worker does around it, for single frames.
class FrameAnalyzer {
 public:
  explicit FrameAnalyzer(const std::string& options_json) : options_(options_of(options_json)) {
    const nb::gil_scoped_release unlocked;
    worker_ = make_frame_worker(make_analyzer, options_);
  }

  nb::object analyze(const Frame& frame) {
    FrameResult result;
    {
      const nb::gil_scoped_release unlocked;
      const std::lock_guard lock(mutex_);
      result = worker_->run(frame, {});
    }
    return to_python(std::move(result));
  }

 private:
  Options options_;
  std::mutex mutex_;  // an analyzer gets one call at a time
  std::unique_ptr<FrameWorker> worker_;
};

int run_worker() {
  const nb::gil_scoped_release unlocked;
  return run_worker_program(make_analyzer).value_or(-1);
}

int run_command(std::vector<std::string> words) {
  std::vector<char*> arguments;
  arguments.reserve(words.size());
  for (std::string& word : words) arguments.push_back(word.data());
  const nb::gil_scoped_release unlocked;
  return cli::run_program(static_cast<int>(arguments.size()), arguments.data());
}

}  // namespace

void add_analyzer(nb::module_& module) {
  module.def("set_python_analyzers", &set_python_analyzers, nb::arg("make"));
  module.def("set_python_worker_command", &set_python_worker_command, nb::arg("words"));
  module.def("analyzer_names", &analyzer_names);
  module.def("run_worker", &run_worker,
             "The life of a worker process; its exit code, or -1 where no driver started it.");
  module.def("run_command", &run_command, nb::arg("words"), "The command line in this process; its exit code.");
  nb::class_<FrameAnalyzer>(module, "FrameAnalyzer")
      .def(nb::init<const std::string&>(), nb::arg("options_json"))
      .def("analyze", &FrameAnalyzer::analyze, nb::arg("frame"),
           nb::sig("def analyze(self, frame: Frame) -> capillaryx.results.FrameResult"));
}

}  // namespace capillaryx::python
