// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/session.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bindings.h"

namespace capillaryx::python {
namespace {

/// How long Ctrl-C may go unnoticed.
constexpr double kLookForSignalsS = 0.05;

/// A Session whose waits end at Ctrl-C. No call holds the GIL while it waits for the session: the last holder of an
/// array, in whichever thread, needs the GIL.
class PythonSession {
 public:
  PythonSession(const std::string& options_json, std::size_t capacity) {
    const nb::gil_scoped_release unlocked;
    session_ = std::make_unique<Session>(options_of(options_json), capacity);
  }
  ~PythonSession() { close(); }
  PythonSession(const PythonSession&) = delete;
  PythonSession& operator=(const PythonSession&) = delete;

  std::int64_t submit(const Frame& frame) {
    while (true) {
      if (const auto index = try_submit(frame, kLookForSignalsS)) return *index;
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
    }
  }

  std::optional<std::int64_t> try_submit(const Frame& frame, double timeout_s) {
    const nb::gil_scoped_release unlocked;
    return session_->try_submit(frame, timeout_s);
  }

  /// The next result, or None at the end.
  nb::object take() {
    while (true) {
      std::optional<FrameResult> result;
      bool done = false;
      {
        const nb::gil_scoped_release unlocked;
        result = session_->try_next(kLookForSignalsS);
        done = !result && session_->done();
      }
      if (result) return to_python(std::move(*result));
      if (done) return nb::none();
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
    }
  }

  nb::object try_take() {
    std::optional<FrameResult> result;
    {
      const nb::gil_scoped_release unlocked;
      result = session_->try_next();
    }
    return result ? to_python(std::move(*result)) : nb::none();
  }

  bool wait(std::optional<double> timeout_s) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    while (true) {
      const double waited_s = std::chrono::duration<double>(Clock::now() - start).count();
      const double left_s = timeout_s ? *timeout_s - waited_s : kLookForSignalsS;
      bool in_time = false, done = false;
      {
        const nb::gil_scoped_release unlocked;
        in_time = session_->wait(std::max(0.0, std::min(left_s, kLookForSignalsS)));
        done = session_->done();
      }
      if (in_time || done || (timeout_s && left_s <= 0)) return in_time;
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
    }
  }

  void finish() {
    const nb::gil_scoped_release unlocked;
    session_->finish();
  }

  void cancel() {
    const nb::gil_scoped_release unlocked;
    session_->cancel();
  }

  /// Cancels and ends the workers. The session itself stays, so that a late call gets an error.
  void close() {
    const nb::gil_scoped_release unlocked;
    session_->close();
  }

  nb::object status() const { return progress_to_python({.executor = session_->status(), .frame_count = {}}); }
  std::size_t capacity() const { return session_->capacity(); }

 private:
  std::unique_ptr<Session> session_;
};

}  // namespace

void add_session(nb::module_& module) {
  nb::class_<PythonSession>(module, "Session")
      .def(nb::init<const std::string&, std::size_t>(), nb::arg("options_json"), nb::arg("capacity"))
      .def("submit", &PythonSession::submit, nb::arg("frame"))
      .def("try_submit", &PythonSession::try_submit, nb::arg("frame"), nb::arg("timeout_s"))
      .def("take", &PythonSession::take, nb::sig("def take(self) -> capillaryx.results.FrameResult | None"))
      .def("try_take", &PythonSession::try_take, nb::sig("def try_take(self) -> capillaryx.results.FrameResult | None"))
      .def("wait", &PythonSession::wait, nb::arg("timeout_s").none())
      .def("finish", &PythonSession::finish)
      .def("cancel", &PythonSession::cancel)
      .def("close", &PythonSession::close)
      .def("status", &PythonSession::status, nb::sig("def status(self) -> capillaryx.results.Progress"))
      .def_prop_ro("capacity", &PythonSession::capacity);
}

}  // namespace capillaryx::python
