// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <memory>
#include <span>
#include <string>

#include "capillaryx/frame.h"
#include "capillaryx/frame_result.h"
#include "capillaryx/options.h"
#include "capillaryx/pipeline.h"

namespace capillaryx::python {

namespace nb = nanobind;

// One a public header; each adds its part to the module.
void add_errors(nb::module_& module);
void add_options(nb::module_& module);
void add_frame(nb::module_& module);
void add_frame_result(nb::module_& module);
void add_analyzer(nb::module_& module);
void add_executor(nb::module_& module);
void add_pipeline(nb::module_& module);
void add_session(nb::module_& module);

/// A capillaryx.FrameResult of a result, and back. Polygons and stage pictures are read-only arrays over the memory of
/// `result`, which they keep alive. With the GIL held. from_python throws what Python raises.
nb::object to_python(FrameResult result);
FrameResult from_python(nb::handle result);
/// A capillaryx.InputInfo, or None. With the GIL held.
nb::object to_python(const std::shared_ptr<const InputInfo>& input);

/// A capillaryx.Progress. With the GIL held.
nb::object progress_to_python(const Progress& progress);

/// A read-only array over the frame's pixels, height x width or height x width x 3, which keeps them alive.
nb::object pixels_of(const Frame& frame);

/// A frame over the memory of a NumPy array, or of a copy where pixels are not packed, rows go backward, or values have
/// 16 bits (which are scaled to 8). The memory is held for as long as the frame's pixels. Throws Python's ValueError
/// (arrays.py) where it is no picture.
Frame frame_of_array(nb::handle array, FrameInfo info);

/// Writes a file from its start, cut to length. Throws Error (kOutput).
void write_whole(const OpenFile& file, std::span<const std::uint8_t> bytes);

/// A file in memory that holds `bytes`. Throws Error (kExecutor).
std::shared_ptr<const OpenFile> memory_file(std::span<const std::uint8_t> bytes);

/// Bytes of a Python object as they are in memory; valid while it lives.
std::span<const std::uint8_t> view(const nb::bytes& bytes);
nb::bytes to_bytes(std::span<const std::uint8_t> bytes);

/// The options of a JSON object in text. Throws Error (kUsage).
Options options_of(const std::string& json);

}  // namespace capillaryx::python
