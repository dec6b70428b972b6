// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/frame.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings.h"
#include "capillaryx/error.h"
#include "executor/channel.h"
#include "image/decoders.h"

namespace capillaryx::python {
namespace {

/// A Python object's memory, given back when the last frame over it is gone, in whichever thread that is.
class HeldBuffer {
 public:
  explicit HeldBuffer(nb::handle array) {
    if (PyObject_GetBuffer(array.ptr(), &buffer_, PyBUF_RECORDS_RO) != 0) throw nb::python_error();
  }
  ~HeldBuffer() {
    const nb::gil_scoped_acquire gil;
    PyBuffer_Release(&buffer_);
  }
  HeldBuffer(const HeldBuffer&) = delete;
  HeldBuffer& operator=(const HeldBuffer&) = delete;
  const Py_buffer& get() const { return buffer_; }

  /// Whether it is a picture as it lies: bytes, packed within a row, rows that go forward.
  bool is_picture() const {
    const bool grey = buffer_.ndim == 2;
    if (!grey && !(buffer_.ndim == 3 && buffer_.shape[2] == 3)) return false;
    const Py_ssize_t height = buffer_.shape[0], width = buffer_.shape[1], channels = grey ? 1 : 3;
    constexpr Py_ssize_t kMost = std::numeric_limits<int>::max();
    return std::string_view(buffer_.format) == "B" && std::min(height, width) > 0 && std::max(height, width) <= kMost &&
           (grey || buffer_.strides[2] == 1) && buffer_.strides[1] == channels &&
           buffer_.strides[0] >= width * channels;
  }

 private:
  Py_buffer buffer_{};
};

/// The memory of anything that NumPy takes for a picture; `array` itself where it is one already, as mostly. Throws
/// what arrays.as_picture raises.
std::shared_ptr<HeldBuffer> held_picture(nb::handle array) {
  if (PyObject_CheckBuffer(array.ptr()) != 0) {
    try {
      auto held = std::make_shared<HeldBuffer>(array);
      if (held->is_picture()) return held;
    } catch (const nb::python_error&) {  // NumPy says what is wrong with it
    }
  }
  return std::make_shared<HeldBuffer>(nb::module_::import_("capillaryx.arrays").attr("as_picture")(array));
}

}  // namespace

nb::object pixels_of(const Frame& frame) {
  const PixelView& pixels = frame.pixels();
  if (pixels.empty()) return nb::none();
  auto* const kept = new Frame(frame);
  const nb::capsule owner(kept, [](void* held) noexcept { delete static_cast<Frame*>(held); });
  const std::size_t shape[] = {static_cast<std::size_t>(pixels.height), static_cast<std::size_t>(pixels.width),
                               static_cast<std::size_t>(pixels.channels)};
  const std::int64_t strides[] = {pixels.stride_bytes, pixels.channels, 1};
  const std::size_t dimensions = pixels.channels == 1 ? 2 : 3;
  return nb::cast(nb::ndarray<nb::numpy, const std::uint8_t>(pixels.data, dimensions, shape, owner, strides));
}

Frame frame_of_array(nb::handle array, FrameInfo info) {
  const auto held = held_picture(array);
  const Py_buffer& buffer = held->get();
  const int height = static_cast<int>(buffer.shape[0]);
  const int width = static_cast<int>(buffer.shape[1]);
  const int channels = buffer.ndim == 3 ? 3 : 1;
  if (buffer.itemsize == 1) {
    const PixelView view{static_cast<const std::uint8_t*>(buffer.buf), width, height, channels, buffer.strides[0]};
    return Frame::from_pixels(std::move(info), view, held);
  }
  const std::size_t row_values = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  auto scaled = std::make_shared<std::vector<std::uint8_t>>(row_values * static_cast<std::size_t>(height));
  std::uint8_t* to = scaled->data();
  for (int y = 0; y < height; ++y) {
    const auto* row =
        reinterpret_cast<const std::uint16_t*>(static_cast<const char*>(buffer.buf) + y * buffer.strides[0]);
    for (std::size_t i = 0; i < row_values; ++i) *to++ = scale_16_to_8(row[i]);
  }
  const PixelView view{scaled->data(), width, height, channels, static_cast<std::ptrdiff_t>(row_values)};
  return Frame::from_pixels(std::move(info), view, scaled);
}

void write_whole(const OpenFile& file, std::span<const std::uint8_t> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto written =
        ::pwrite(file.descriptor(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw Error(ErrorKind::kOutput, std::string("a file cannot be written: ") + std::strerror(errno));
    done += static_cast<std::size_t>(written);
  }
  if (::ftruncate(file.descriptor(), static_cast<off_t>(bytes.size())) != 0) {
    throw Error(ErrorKind::kOutput, std::string("a file cannot be written: ") + std::strerror(errno));
  }
}

std::shared_ptr<const OpenFile> memory_file(std::span<const std::uint8_t> bytes) {
  const int descriptor = ::memfd_create("capillaryx", MFD_CLOEXEC);
  if (descriptor < 0) {
    throw Error(ErrorKind::kExecutor, std::string("no file in memory can be made: ") + std::strerror(errno));
  }
  auto file = std::make_shared<const OpenFile>(descriptor);
  write_whole(*file, bytes);
  return file;
}

std::span<const std::uint8_t> view(const nb::bytes& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.c_str()), bytes.size()};
}

nb::bytes to_bytes(std::span<const std::uint8_t> bytes) { return nb::bytes(bytes.data(), bytes.size()); }

void add_frame(nb::module_& module) {
  nb::class_<Frame>(module, "Frame", "One picture of a run, as an Analyzer gets it. Immutable.")
      .def_prop_ro(
          "index", [](const Frame& frame) { return frame.info().index; }, "Place in the run's order, from 0.")
      .def_prop_ro(
          "source", [](const Frame& frame) { return frame.info().source; },
          "For display: the shortest unambiguous path, `clip.avi#12` of a page of a file.")
      .def_prop_ro(
          "file", [](const Frame& frame) { return frame.info().file; },
          "Path relative to the folder given, or the file as given.")
      .def_prop_ro(
          "page", [](const Frame& frame) { return frame.info().page; },
          "Place in the file, from 0; None for a file that is one picture.")
      .def_prop_ro(
          "input", [](const Frame& frame) { return to_python(frame.info().input); },
          nb::sig("def input(self) -> capillaryx.results.InputInfo | None"),
          "What is known of the file; None for a file that is one picture.")
      .def_prop_ro(
          "time_s", [](const Frame& frame) { return frame.info().time_s; },
          "Place in the video, seconds; None for stills.")
      .def_prop_ro(
          "width", [](const Frame& frame) { return frame.pixels().width; }, "px")
      .def_prop_ro(
          "height", [](const Frame& frame) { return frame.pixels().height; }, "px")
      .def_prop_ro(
          "pixels", &pixels_of, nb::sig("def pixels(self) -> numpy.typing.NDArray[numpy.uint8]"),
          "Read-only uint8 array, (height, width) or (height, width, 3) in the order red, green, blue. It lies "
          "over the frame's own memory (no copy) and keeps it alive.");
  const auto info = [](const std::string& source, std::int64_t index) {
    return FrameInfo{.index = index, .source = source, .time_s = {}, .file = source, .captured = {}};
  };
  module.def(
      "frame_of_array",
      [info](const nb::object& array, const std::string& source, std::int64_t index) {
        return frame_of_array(array, info(source, index));
      },
      nb::arg("array").none(), nb::arg("source"), nb::arg("index"),
      nb::sig("def frame_of_array(array: numpy.typing.ArrayLike, source: str, index: int) -> Frame"),
      "A frame over the memory of an array that is a picture; another is copied. Raises ValueError where it is none.");
  module.def(
      "frame_of_bytes",
      [info](const nb::bytes& bytes, const std::string& source, std::int64_t index) {
        return Frame::from_file(info(source, index), memory_file(view(bytes)));
      },
      nb::arg("bytes"), nb::arg("source"), nb::arg("index"), "A frame of an encoded picture.");
  module.def(
      "frame_of_file",
      [info](int descriptor, const std::string& source, std::int64_t index) {
        return Frame::from_file(info(source, index), std::make_shared<OpenFile>(descriptor));
      },
      nb::arg("descriptor"), nb::arg("source"), nb::arg("index"), "A frame of an open file, which it takes over.");
  module.def(
      "with_info",
      [](const Frame& frame, const nb::bytes& told) {
        // The message is read where the allocator aligns it.
        const auto bytes = view(told);
        const std::vector<std::uint8_t> aligned(bytes.begin(), bytes.end());
        const auto* assign = read_message(aligned).body_as_Assign();
        if (assign == nullptr) throw ProtocolError("what names a frame is no message");
        FrameInfo of_message = read_frame(*assign, nullptr, {}, nullptr).info();
        if (!frame.error().empty()) return Frame::unreadable(std::move(of_message), frame.error());
        if (frame.file()) return Frame::from_file(std::move(of_message), frame.file());
        return Frame::from_pixels(std::move(of_message), frame.pixels(), frame.owner());
      },
      nb::arg("frame"), nb::arg("info"), "The frame under the name that RayTask.info gives.");
  module.def(
      "unreadable_frame",
      [info](const std::string& reason, const std::string& source, std::int64_t index) {
        return Frame::unreadable(info(source, index), reason);
      },
      nb::arg("reason"), nb::arg("source"), nb::arg("index"));
}

}  // namespace capillaryx::python
