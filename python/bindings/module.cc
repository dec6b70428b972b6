// SPDX-License-Identifier: Apache-2.0
#include "bindings.h"
#include "capillaryx/pipeline.h"

NB_MODULE(_core, module) {
  using namespace capillaryx::python;  // NOLINT: the module's own namespace
  module.doc() = "What capillaryx (Python) has of libcapillaryx. Not for direct use.";
  add_errors(module);
  add_options(module);
  add_frame(module);
  add_frame_result(module);
  add_analyzer(module);
  add_executor(module);
  add_pipeline(module);
  add_session(module);
  // Worker threads of a run that is still going may hold objects while the interpreter ends.
  nanobind::set_leak_warnings(false);
}
