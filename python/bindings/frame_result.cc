// SPDX-License-Identifier: Apache-2.0
#include "capillaryx/frame_result.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <cstring>
#include <utility>
#include <vector>

#include "bindings.h"
#include "capillaryx/error.h"
#include "sink/results_reader.h"

namespace capillaryx::python {
namespace {

using Floats = nb::ndarray<nb::numpy, const float>;
using Bytes = nb::ndarray<nb::numpy, const std::uint8_t>;

nb::object results_class(const char* name) { return nb::module_::import_("capillaryx.results").attr(name); }

template <class Number>
nb::object known(bool is_known, Number value) {
  return is_known ? nb::cast(value) : nb::none();
}
nb::object text_or_none(const std::string& text) {
  return text.empty() ? nb::none() : nb::object(nb::str(text.c_str()));
}

nb::object timing_to_python(const Timing& timing) {
  return results_class("Timing")(timing.total_ms, timing.stages_ms, timing.latency_ms, timing.worker, timing.attempt);
}

Capillary capillary_from_python(nb::handle object) {
  Capillary capillary;
  const nb::object bbox = object.attr("bbox");
  if (nb::len(bbox) != 4) throw nb::value_error("Capillary.bbox must be (min x, min y, width, height)");
  for (std::size_t i = 0; i < 4; ++i) capillary.bbox[i] = nb::cast<int>(nb::int_(bbox[i]));
  // Any sequence of pairs, or an array: NumPy says what it is.
  const nb::object numpy = nb::module_::import_("numpy");
  const nb::object flat =
      numpy.attr("ascontiguousarray")(object.attr("polygon"), nb::arg("dtype") = numpy.attr("float32")).attr("ravel")();
  const auto values = nb::cast<nb::ndarray<const float, nb::c_contig, nb::ro>>(flat);
  capillary.polygon.assign(values.data(), values.data() + values.size());
  capillary.area_px = nb::cast<int>(nb::int_(object.attr("area_px")));
  capillary.score = nb::cast<double>(nb::float_(object.attr("score")));
  return capillary;
}

StagePicture picture_from_python(std::string name, nb::handle array) {
  const Frame frame = frame_of_array(nb::module_::import_("capillaryx.arrays").attr("as_picture")(array),
                                     {.index = 0, .source = name, .time_s = {}, .captured = {}});
  const PixelView& pixels = frame.pixels();
  StagePicture picture{std::move(name), pixels.width, pixels.height, pixels.channels, {}};
  const std::size_t row_bytes = static_cast<std::size_t>(pixels.width) * static_cast<std::size_t>(pixels.channels);
  for (int y = 0; y < pixels.height; ++y) {
    picture.pixels.insert(picture.pixels.end(), pixels.row(y), pixels.row(y) + row_bytes);
  }
  return picture;
}

/// The points of all outlines, one after another, in one array: parts of it cost a twentieth of arrays of their own.
nb::object all_points(const FrameResult& result) {
  auto* const points = new std::vector<float>();
  const nb::capsule owner(points, [](void* held) noexcept { delete static_cast<std::vector<float>*>(held); });
  for (const Capillary& capillary : result.capillaries) {
    points->insert(points->end(), capillary.polygon.begin(), capillary.polygon.end());
  }
  const std::size_t shape[] = {points->size() / 2, 2};
  return nb::cast(Floats(points->data(), 2, shape, owner));
}

template <class Value>
std::optional<Value> optional_of(nb::handle object) {
  if (object.is_none()) return std::nullopt;
  return nb::cast<Value>(object);
}

}  // namespace

nb::object to_python(FrameResult whole) {
  auto* const result = new FrameResult(std::move(whole));
  const nb::capsule owner(result, [](void* held) noexcept { delete static_cast<FrameResult*>(held); });
  const bool ok = result->status == Status::kOk;
  const nb::object capillary_class = results_class("Capillary");
  nb::object points = all_points(*result);
  nb::list capillaries;
  std::size_t begin = 0;
  for (const Capillary& capillary : result->capillaries) {
    const std::size_t end = begin + capillary.polygon.size() / 2;
    const nb::object polygon = points[nb::slice(nb::int_(begin), nb::int_(end), nb::none())];
    begin = end;
    const auto& [x, y, width, height] = capillary.bbox;
    capillaries.append(
        capillary_class(nb::make_tuple(x, y, width, height), polygon, capillary.area_px, capillary.score));
  }
  nb::dict pictures;
  for (const StagePicture& picture : result->stage_pictures) {
    const std::size_t shape[] = {static_cast<std::size_t>(picture.height), static_cast<std::size_t>(picture.width),
                                 static_cast<std::size_t>(picture.channels)};
    pictures[picture.name.c_str()] =
        nb::cast(Bytes(picture.pixels.data(), picture.channels == 1 ? 2 : 3, shape, owner));
  }
  nb::dict fields;
  fields["index"] = result->index;
  fields["source"] = result->source;
  fields["time_s"] = nb::cast(result->time_s);
  fields["sha256"] = text_or_none(result->sha256);
  fields["status"] = to_string(result->status);
  fields["error"] = text_or_none(result->error);
  fields["width"] = result->width;
  fields["height"] = result->height;
  fields["capillaries"] = nb::tuple(capillaries);
  fields["density"] = known(ok, result->density);
  fields["valid_px"] = known(ok, result->valid_px);
  fields["scale_um_per_px"] = nb::cast(result->scale_um_per_px);
  fields["values"] = nb::cast(result->values);
  fields["stage_pictures"] = pictures;
  fields["timing"] = timing_to_python(result->timing);
  return results_class("FrameResult")(**fields);
}

FrameResult from_python(nb::handle object) {
  FrameResult result;
  result.index = nb::cast<std::int64_t>(object.attr("index"));
  result.source = nb::cast<std::string>(object.attr("source"));
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
    result.capillaries.push_back(capillary_from_python(capillary));
  }
  const nb::object density = object.attr("density");
  if (!density.is_none()) result.density = nb::cast<double>(nb::float_(density));
  const nb::object valid_px = object.attr("valid_px");
  if (!valid_px.is_none()) result.valid_px = nb::cast<std::int64_t>(nb::int_(valid_px));
  result.scale_um_per_px = optional_of<double>(object.attr("scale_um_per_px"));
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
      "count_per_mm2", [](const nb::object& result) { return count_per_mm2(from_python(result)); }, nb::arg("result"));
}

}  // namespace capillaryx::python
