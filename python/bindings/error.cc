// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/error.h"

#include "bindings.h"

namespace capillaryx::python {
namespace {

/// An Error becomes an exception of capillaryx.errors, by its kind.
void translate(const std::exception_ptr& exception, void* /*payload*/) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    const nb::object made =
        nb::module_::import_("capillaryx.errors").attr("make_error")(static_cast<int>(error.kind()), error.what());
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made.ptr())), made.ptr());
  }
}

}  // namespace

void add_errors(nb::module_& /*module*/) { nb::register_exception_translator(translate); }

}  // namespace capillaryx::python
