// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/frame_result.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <utility>
#include <vector>

#include "bindings.h"
#include "capillaryx/error.h"
#include "sink/input_line.h"
#include "sink/results_index.h"
#include "sink/results_reader.h"

namespace capillaryx::python {
namespace {

using Floats = nb::ndarray<nb::numpy, const float>;
using Bytes = nb::ndarray<nb::numpy, const std::uint8_t>;

nb::object results_class(const char* name) {
  // Looked up once: import costs as much as all else of a result.
  static const nb::handle module = nb::module_::import_("capillaryx.results").release();
  return module.attr(name);
}

template <class Number>
nb::object known(bool is_known, Number value) {
  return is_known ? nb::cast(value) : nb::none();
}
nb::object text_or_none(const std::string& text) {
  return text.empty() ? nb::none() : nb::object(nb::str(text.c_str()));
}

/// A list of two numbers as a tuple, or None.
nb::object range_to_python(const std::optional<std::array<double, 2>>& range) {
  return range ? nb::object(nb::make_tuple((*range)[0], (*range)[1])) : nb::none();
}

nb::object texts_to_python(const std::vector<std::string>& texts) {
  nb::list list;
  for (const std::string& text : texts) list.append(nb::str(text.c_str(), text.size()));
  return nb::tuple(list);
}

nb::object candidates_to_python(const std::vector<Candidate>& candidates) {
  nb::list list;
  for (const Candidate& candidate : candidates) {
    const auto& [x, y, width, height] = candidate.bbox;
    list.append(nb::make_tuple(x, y, width, height, candidate.score));
  }
  return nb::tuple(list);
}

nb::object quality_to_python(const std::optional<FrameQuality>& quality) {
  if (!quality) return nb::none();
  return results_class("FrameQuality")(quality->usable, texts_to_python(quality->reasons), quality->measures);
}

nb::object timing_to_python(const Timing& timing) {
  return results_class("Timing")(timing.total_ms, timing.stages_ms, timing.latency_ms, timing.worker, timing.attempt);
}

Capillary make_capillary(const nb::object& bbox, const nb::object& polygon, const nb::object& area_px,
                         const nb::object& score) {
  Capillary capillary;
  if (nb::len(bbox) != 4) throw nb::value_error("Capillary.bbox must be (min x, min y, width, height)");
  for (std::size_t i = 0; i < 4; ++i) capillary.bbox[i] = nb::cast<int>(nb::int_(bbox[i]));
  // Any sequence of pairs, or an array: NumPy says what it is.
  const nb::object numpy = nb::module_::import_("numpy");
  const nb::object points = numpy.attr("asarray")(polygon, nb::arg("dtype") = numpy.attr("float32"));
  const auto values = nb::cast<nb::ndarray<const float, nb::c_contig, nb::ro>>(points.attr("ravel")());
  if (values.size() % 2 != 0) throw nb::value_error("Capillary.polygon must have the shape (points, 2)");
  capillary.polygon.assign(values.data(), values.data() + values.size());
  capillary.area_px = nb::cast<int>(nb::int_(area_px));
  capillary.score = nb::cast<double>(nb::float_(score));
  return capillary;
}

nb::tuple bbox_of(const Capillary& capillary) {
  const auto& [x, y, width, height] = capillary.bbox;
  return nb::make_tuple(x, y, width, height);
}

/// A read-only array over the memory of a capillary, which it keeps alive.
nb::object polygon_of(const nb::object& object) {
  const auto& polygon = nb::cast<const Capillary&>(object).polygon;
  const std::size_t shape[] = {polygon.size() / 2, 2};
  return nb::cast(Floats(polygon.data(), 2, shape, object));
}

bool equal(const Capillary& one, const Capillary& other) {
  return one.bbox == other.bbox && one.polygon == other.polygon && one.area_px == other.area_px &&
         one.score == other.score;
}

StagePicture picture_from_python(std::string name, nb::handle array) {
  const Frame frame = frame_of_array(array, {.index = 0, .source = name, .time_s = {}, .captured = {}});
  const PixelView& pixels = frame.pixels();
  StagePicture picture{std::move(name), pixels.width, pixels.height, pixels.channels, {}};
  const std::size_t row_bytes = static_cast<std::size_t>(pixels.width) * static_cast<std::size_t>(pixels.channels);
  for (int y = 0; y < pixels.height; ++y) {
    picture.pixels.insert(picture.pixels.end(), pixels.row(y), pixels.row(y) + row_bytes);
  }
  return picture;
}

template <class Value>
std::optional<Value> optional_of(nb::handle object) {
  if (object.is_none()) return std::nullopt;
  return nb::cast<Value>(object);
}

std::vector<std::string> texts_from_python(nb::handle list) {
  std::vector<std::string> texts;
  for (const nb::handle text : list) texts.push_back(nb::cast<std::string>(text));
  return texts;
}

std::optional<std::array<double, 2>> range_from_python(nb::handle object) {
  if (object.is_none()) return std::nullopt;
  return std::array{nb::cast<double>(nb::float_(object[0])), nb::cast<double>(nb::float_(object[1]))};
}

std::shared_ptr<const InputInfo> input_from_python(nb::handle object) {
  if (object.is_none()) return nullptr;
  auto input = std::make_shared<InputInfo>();
  input->file = nb::cast<std::string>(object.attr("file"));
  input->sha256 = optional_of<std::string>(object.attr("sha256")).value_or("");
  const auto kind = nb::cast<std::string>(object.attr("kind"));
  for (const FileKind each : {FileKind::kImage, FileKind::kStack, FileKind::kVideo, FileKind::kLive}) {
    if (kind == to_string(each)) input->kind = each;
  }
  input->pages = optional_of<std::int64_t>(object.attr("pages"));
  input->fps = optional_of<double>(object.attr("fps"));
  input->width = optional_of<int>(object.attr("width")).value_or(0);
  input->height = optional_of<int>(object.attr("height")).value_or(0);
  input->value_range = range_from_python(object.attr("value_range"));
  input->scale_um_per_px = optional_of<double>(object.attr("scale_um_per_px"));
  input->scale_from = optional_of<std::string>(object.attr("scale_from")).value_or("");
  input->magnification = optional_of<double>(object.attr("magnification"));
  input->notes = texts_from_python(object.attr("notes"));
  return input;
}

}  // namespace

nb::object to_python(const std::shared_ptr<const InputInfo>& input) {
  if (!input) return nb::none();
  // In the order of its fields.
  return results_class("InputInfo")(input->file, text_or_none(input->sha256), to_string(input->kind), input->pages,
                                    input->fps, known(input->width > 0, input->width),
                                    known(input->height > 0, input->height), range_to_python(input->value_range),
                                    input->scale_um_per_px, text_or_none(input->scale_from), input->magnification,
                                    texts_to_python(input->notes));
}

nb::object to_python(FrameResult result) {
  const bool ok = result.status == Status::kOk;
  nb::list capillaries;
  for (Capillary& capillary : result.capillaries) capillaries.append(nb::cast(std::move(capillary)));
  nb::dict pictures;
  for (StagePicture& picture : result.stage_pictures) {
    const std::size_t shape[] = {static_cast<std::size_t>(picture.height), static_cast<std::size_t>(picture.width),
                                 static_cast<std::size_t>(picture.channels)};
    auto* const pixels = new std::vector<std::uint8_t>(std::move(picture.pixels));
    const nb::capsule owner(pixels, [](void* held) noexcept { delete static_cast<std::vector<std::uint8_t>*>(held); });
    pictures[picture.name.c_str()] = nb::cast(Bytes(pixels->data(), picture.channels == 1 ? 2 : 3, shape, owner));
  }
  // In the order of its fields.
  return results_class("FrameResult")(
      result.index, result.source, result.file, result.page, to_python(result.input), result.time_s,
      text_or_none(result.sha256), to_string(result.status), text_or_none(result.error), result.width, result.height,
      nb::tuple(capillaries), candidates_to_python(result.candidates), known(ok, result.density),
      known(ok, result.valid_px), result.scale_um_per_px, text_or_none(result.scale_from),
      range_to_python(result.value_range), result.magnification, texts_to_python(result.notes),
      quality_to_python(result.quality), text_or_none(result.clip), nb::tuple(nb::cast(result.landmarks)),
      result.values, pictures, timing_to_python(result.timing));
}

FrameResult from_python(nb::handle object) {
  FrameResult result;
  result.index = nb::cast<std::int64_t>(object.attr("index"));
  result.source = nb::cast<std::string>(object.attr("source"));
  result.file = nb::cast<std::string>(object.attr("file"));
  result.page = optional_of<std::int64_t>(object.attr("page"));
  result.input = input_from_python(object.attr("input"));
  result.time_s = optional_of<double>(object.attr("time_s"));
  result.sha256 = optional_of<std::string>(object.attr("sha256")).value_or("");
  const auto status = nb::cast<std::string>(object.attr("status"));
  for (const Status each : {Status::kOk, Status::kFailed, Status::kDropped}) {
    if (status == to_string(each)) result.status = each;
  }
  result.error = optional_of<std::string>(object.attr("error")).value_or("");
  result.width = nb::cast<int>(object.attr("width"));
  result.height = nb::cast<int>(object.attr("height"));
  for (const nb::handle capillary : object.attr("capillaries")) {
    result.capillaries.push_back(nb::cast<Capillary>(capillary));
  }
  for (const nb::handle item : object.attr("candidates")) {
    Candidate& candidate = result.candidates.emplace_back();
    for (std::size_t i = 0; i < 4; ++i) candidate.bbox[i] = nb::cast<int>(nb::int_(item[i]));
    candidate.score = nb::cast<float>(nb::float_(item[4]));
  }
  const nb::object density = object.attr("density");
  if (!density.is_none()) result.density = nb::cast<double>(nb::float_(density));
  const nb::object valid_px = object.attr("valid_px");
  if (!valid_px.is_none()) result.valid_px = nb::cast<std::int64_t>(nb::int_(valid_px));
  result.scale_um_per_px = optional_of<double>(object.attr("scale_um_per_px"));
  result.scale_from = optional_of<std::string>(object.attr("scale_from")).value_or("");
  result.value_range = range_from_python(object.attr("value_range"));
  result.magnification = optional_of<double>(object.attr("magnification"));
  result.notes = texts_from_python(object.attr("notes"));
  if (const nb::object quality = object.attr("quality"); !quality.is_none()) {
    result.quality = FrameQuality{nb::cast<bool>(quality.attr("usable")), texts_from_python(quality.attr("reasons")),
                                  nb::cast<std::map<std::string, double>>(quality.attr("measures"))};
  }
  result.clip = optional_of<std::string>(object.attr("clip")).value_or("");
  for (const nb::handle value : object.attr("landmarks")) result.landmarks.push_back(nb::cast<int>(value));
  for (const auto [name, value] : nb::dict(object.attr("values"))) {
    result.values[nb::cast<std::string>(name)] = nb::cast<double>(nb::float_(value));
  }
  for (const auto [name, picture] : nb::dict(object.attr("stage_pictures"))) {
    result.stage_pictures.push_back(picture_from_python(nb::cast<std::string>(name), picture));
  }
  const nb::object timing = object.attr("timing");
  result.timing.total_ms = nb::cast<double>(timing.attr("total_ms"));
  result.timing.stages_ms = nb::cast<std::map<std::string, double>>(timing.attr("stages_ms"));
  result.timing.latency_ms = optional_of<double>(timing.attr("latency_ms"));
  result.timing.worker = nb::cast<int>(timing.attr("worker"));
  result.timing.attempt = nb::cast<int>(timing.attr("attempt"));
  return result;
}

void add_frame_result(nb::module_& module) {
  nb::class_<Capillary>(
      module, "Capillary",
      "One accepted capillary. Immutable. Coordinates are those of pixel corners: the pixel (3, 5) has "
      "the box (3, 5, 1, 1).")
      .def(
          "__init__",
          [](Capillary* self, const nb::object& bbox, const nb::object& polygon, const nb::object& area_px,
             const nb::object& score) { new (self) Capillary(make_capillary(bbox, polygon, area_px, score)); },
          nb::arg("bbox"), nb::arg("polygon"), nb::arg("area_px"), nb::arg("score"),
          nb::sig("def __init__(self, bbox: collections.abc.Sequence[int], polygon: numpy.typing.ArrayLike, "
                  "area_px: int, score: float) -> None"))
      .def_prop_ro("bbox", &bbox_of, nb::sig("def bbox(self) -> tuple[int, int, int, int]"),
                   "(min x, min y, width, height), px.")
      .def_prop_ro("polygon", &polygon_of, nb::sig("def polygon(self) -> numpy.typing.NDArray[numpy.float32]"),
                   "Outline, shape (points, 2): x and y, px; closed; inside its box. A read-only array over the "
                   "capillary's own memory.")
      .def_ro("area_px", &Capillary::area_px, "Pixels inside the outline.")
      .def_ro("score", &Capillary::score, "Probability that it is a capillary, 0 to 1.")
      .def("__eq__", &equal, nb::is_operator(), nb::sig("def __eq__(self, other: object, /) -> bool"),
           "Equal in every figure.")
      .def("__repr__",
           [](const Capillary& self) {
             return nb::str("<Capillary bbox={} area_px={} score={:.4f}>")
                 .format(bbox_of(self), self.area_px, self.score);
           })
      .def("__hash__", [](const Capillary& self) { return nb::hash(bbox_of(self)); })
      .def(
          "__reduce__",
          [](const nb::object& self) {
            const auto& capillary = nb::cast<const Capillary&>(self);
            return nb::make_tuple(
                self.type(), nb::make_tuple(bbox_of(capillary), polygon_of(self), capillary.area_px, capillary.score));
          },
          nb::sig("def __reduce__(self) -> tuple[typing.Any, ...]"));
  module.def(
      "frame_line", [](const nb::object& result) { return frame_line(from_python(result)); }, nb::arg("result"),
      "The line of results.jsonl.");
  module.def(
      "parse_frame_line", [](const std::string& line) { return to_python(parse_frame_line(line)); }, nb::arg("line"),
      nb::sig("def parse_frame_line(line: str) -> capillaryx.results.FrameResult"));
  module.def(
      "read_journal",
      [](const std::string& file, const nb::object& on_frame) {
        read_journal(file, [&on_frame](FrameResult result) { on_frame(to_python(std::move(result))); });
      },
      nb::arg("file"), nb::arg("on_frame"));
  module.def(
      "read_frame", [](const std::string& folder, std::int64_t index) { return to_python(read_frame(folder, index)); },
      nb::arg("folder"), nb::arg("index"),
      nb::sig("def read_frame(folder: str, index: int) -> capillaryx.results.FrameResult"));
  module.def(
      "count_per_mm2", [](const nb::object& result) { return count_per_mm2(from_python(result)); }, nb::arg("result"));
}

}  // namespace capillaryx::python
