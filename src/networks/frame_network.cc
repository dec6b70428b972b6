// SPDX-License-Identifier: Apache-2.0
#include "networks/frame_network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <utility>

#include "analysis/network.h"
#include "capillaryx/error.h"
#include "networks/frame_input.h"
#include "networks/outputs.h"
#include "networks/tiles.h"

namespace capillaryx {
namespace {

constexpr double kTiledNms = 0.5;  // of boxes that neighbouring tiles both gave
constexpr std::int64_t kMaxInputPx = 100'000'000;

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::kModel, message); }

bool is_map(const ov::PartialShape& shape) {
  if (shape.rank().is_dynamic() || shape.size() != 4) return false;
  const auto many = [&shape](std::size_t side) { return shape[side].is_dynamic() || shape[side].get_length() > 4; };
  return (many(1) && many(2)) || (many(2) && many(3));
}

double iou(const DetectedBox& a, const DetectedBox& b) {
  const double width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  const double height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  return both / ((a.x1 - a.x0) * (a.y1 - a.y0) + (b.x1 - b.x0) * (b.y1 - b.y0) - both);
}

// Best first; of those that overlap by more the best stays.
void drop_doubles(double most_overlap, std::vector<DetectedBox>& boxes) {
  std::vector<DetectedBox> kept;
  for (const DetectedBox& box : boxes) {
    const auto doubles = [&](const DetectedBox& better) { return iou(box, better) > most_overlap; };
    if (std::none_of(kept.begin(), kept.end(), doubles)) kept.push_back(box);
  }
  boxes = std::move(kept);
}

}  // namespace

NetworkTask task_of(const NetworkFile& file) {
  if (const auto named = named_task(file.notes, file.notes_from)) return *named;
  const auto& outputs = file.model->outputs();
  return outputs.size() == 1 && is_map(outputs[0].get_partial_shape()) ? NetworkTask::kSegmentation
                                                                       : NetworkTask::kRegion;
}

NetworkTask task_of(const std::string& file) {
  return file.empty() ? NetworkTask::kRegion : task_of(load_network(file));
}

struct FrameNetwork::State {
  State(NetworkFile from, FrameNetworkSpec spec_of_it) : file(std::move(from)), spec(std::move(spec_of_it)) {}

  void read_input_shape();
  void compile(InferencePrecision precision);
  std::size_t output_named(const std::string& name, const char* key) const;
  void find_outputs();
  void run(const PixelView& frame, int x, int y, int run_width, int run_height);
  cv::Mat run_segmentation(const PixelView& frame, int x, int y, int run_width, int run_height);
  void run_detection(const PixelView& frame, int x, int y, float least_score, std::vector<DetectedBox>& boxes);
  ov::Tensor output(std::size_t index) { return request.get_output_tensor(index); }

  /// A frame resized to the input.
  struct Resized {
    PixelView pixels;
    double scale_x, scale_y;  // pixels of the input per pixel of the frame
  };
  Resized resized(const PixelView& frame);

  NetworkFile file;
  FrameNetworkSpec spec;
  FrameFit fit = FrameFit::kTile;
  bool channels_last = false;
  int channels = 0, width = 0, height = 0;  // of the input; sides 0: the frame's own
  std::size_t boxes = 0, scores = 0, labels = 0;
  ov::Core core;
  ov::InferRequest request;
  std::unique_ptr<FrameInput> input;
  std::vector<std::uint8_t> small;
};

void FrameNetwork::State::read_input_shape() {
  const std::string& name = file.name;
  if (file.model->inputs().size() != 1) {
    refuse(fmt::format("{}: it has {} inputs; expected one, the frame", name, file.model->inputs().size()));
  }
  const auto type = file.model->input().get_element_type();
  if (type != ov::element::u8) check_network_type(name, "input", type);
  const ov::PartialShape shape = file.model->input().get_partial_shape();
  channels = spec.input == InputKind::kGrey ? 1 : 3;
  const std::string said = shape.to_string();
  if (shape.rank().is_dynamic() || shape.size() != 4) {
    refuse(fmt::format("{}: its input is {}; expected [1, channels, height, width] or [1, height, width, channels]",
                       name, said));
  }
  const auto may_be = [&](std::size_t axis) { return shape[axis].compatible(channels); };
  const auto is = [&](std::size_t axis) { return shape[axis].is_static() && shape[axis].get_length() == channels; };
  channels_last = spec.channels_last.value_or(is(3) && !is(1));
  if (!spec.channels_last && is(1) == is(3)) {
    refuse(
        fmt::format("{}: its input is {}, which does not show where the {} channel{} of \"{}\" are; write \"layout\": "
                    "\"nchw\" or \"nhwc\" into {}.json",
                    name, said, channels, channels == 1 ? "" : "s", to_string(spec.input), name));
  }
  if (!may_be(channels_last ? 3 : 1)) {
    refuse(
        fmt::format("{}: its input is {}, but \"{}\" has {} channel{}; write another \"input\" or \"layout\" into "
                    "{}.json",
                    name, said, to_string(spec.input), channels, channels == 1 ? "" : "s", name));
  }
  const std::size_t row_axis = channels_last ? 1 : 2;
  const auto side = [&](std::size_t axis, const std::optional<int>& wanted, const char* key) -> int {
    if (shape[axis].is_dynamic()) return wanted.value_or(0);
    const auto pixels = shape[axis].get_length();
    if (pixels < 1 || pixels > kMaxInputPx || (wanted && *wanted != pixels)) {
      refuse(fmt::format("{}: its input is {}, but its {} is said to be {}; leave \"{}\" out of {}.json", name, said,
                         key, wanted.value_or(0), key, name));
    }
    return static_cast<int>(pixels);
  };
  height = side(row_axis, spec.height, "height");
  width = side(row_axis + 1, spec.width, "width");

  const std::string choices = spec.task == NetworkTask::kFrame ? "\"stretch\" or \"letterbox\""
                                                               : "\"tile\", \"stretch\", \"letterbox\" or \"whole\"";
  if (!spec.fit && spec.task != NetworkTask::kSegmentation) {
    refuse(fmt::format("{}: nothing says how a frame becomes its input of {}; write \"fit\": {} into {}.json", name,
                       said, choices, name));
  }
  fit = spec.fit.value_or(FrameFit::kTile);
  if (fit == FrameFit::kWhole) {
    if (shape[row_axis].is_static() || shape[row_axis + 1].is_static()) {
      refuse(
          fmt::format("{}: its input is {}: sides that are fixed cannot take whole frames; write \"fit\": \"tile\" "
                      "into {}.json, or export it with open sides",
                      name, said, name));
    }
    width = height = 0;
  } else if (fit == FrameFit::kTile) {
    if (width == 0) width = FrameNetworkSpec::kDefaultTilePx;
    if (height == 0) height = FrameNetworkSpec::kDefaultTilePx;
    if (spec.overlap >= std::min(width, height)) {
      refuse(
          fmt::format("{}: \"overlap\" is {}, but a tile is {}x{} pixels; it must be smaller (a quarter at most is "
                      "usual)",
                      name, spec.overlap, width, height));
    }
  } else if (width == 0 || height == 0) {
    refuse(fmt::format("{}: its input is {}, which leaves the sides open; write \"width\" and \"height\" into {}.json",
                       name, said, name));
  }
  if (width % spec.multiple != 0 || height % spec.multiple != 0) {
    refuse(fmt::format("{}: its input of {}x{} pixels is no multiple of {}, which \"multiple\" says", name, width,
                       height, spec.multiple));
  }
  if (std::int64_t{width} * height > kMaxInputPx) refuse(fmt::format("{}: its input is too large: {}", name, said));
}

std::size_t FrameNetwork::State::output_named(const std::string& name, const char* key) const {
  std::vector<std::string> names;
  const auto& outputs = file.model->outputs();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].get_names().count(name) > 0) return i;
    names.push_back(outputs[i].get_names().empty() ? "?" : *outputs[i].get_names().begin());
  }
  refuse(fmt::format("{}: it has no output \"{}\", which \"{}\" names; its outputs are {}", file.name, name, key,
                     fmt::join(names, ", ")));
}

void FrameNetwork::State::find_outputs() {
  if (!spec.boxes.empty()) boxes = output_named(spec.boxes, "boxes");
  if (!spec.scores.empty()) scores = output_named(spec.scores, "scores");
  if (!spec.labels.empty()) labels = output_named(spec.labels, "labels");
  if (file.model->outputs().size() > 1 && spec.boxes.empty()) {
    refuse(fmt::format("{}: it has {} outputs; {}", file.name, file.model->outputs().size(),
                       spec.task == NetworkTask::kDetection
                           ? "name those of the boxes, scores and labels: \"boxes\": NAME, \"scores\": NAME, ..."
                           : "expected one: export it with the others cut off"));
  }
}

void FrameNetwork::State::compile(InferencePrecision precision) {
  const auto side = [](int pixels) { return pixels == 0 ? ov::Dimension::dynamic() : ov::Dimension(pixels); };
  ov::PartialShape shape{1, channels, side(height), side(width)};
  if (channels_last) shape = {1, side(height), side(width), channels};
  try {
    file.model->reshape(shape);
    ov::preprocess::PrePostProcessor types(file.model);
    types.input().tensor().set_element_type(ov::element::f32);
    for (std::size_t i = 0; i < file.model->outputs().size(); ++i) {
      types.output(i).tensor().set_element_type(ov::element::f32);
    }
    file.model = types.build();
    request = compile_network(core, file.model, precision).create_infer_request();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    refuse(
        fmt::format("{}: cannot be run on an input of {} ({})", file.name, shape.to_string(), openvino_reason(error)));
  }
  input = std::make_unique<FrameInput>(spec, channels_last);
}

void FrameNetwork::State::run(const PixelView& frame, int x, int y, int run_width, int run_height) {
  const auto w = static_cast<std::size_t>(run_width), h = static_cast<std::size_t>(run_height);
  const auto c = static_cast<std::size_t>(channels);
  try {
    if (fit == FrameFit::kWhole) {
      request.set_input_tensor(
          ov::Tensor(ov::element::f32, channels_last ? ov::Shape{1, h, w, c} : ov::Shape{1, c, h, w}));
    }
    ov::Tensor tensor = request.get_input_tensor();
    input->fill(frame, x, y, run_width, run_height, {tensor.data<float>(), tensor.get_size()});
    request.infer();
  } catch (const std::exception& error) {
    throw std::runtime_error("the network could not be run: " + openvino_reason(error));
  }
}

FrameNetwork::State::Resized FrameNetwork::State::resized(const PixelView& frame) {
  double scale_x = static_cast<double>(width) / frame.width, scale_y = static_cast<double>(height) / frame.height;
  if (fit == FrameFit::kLetterbox) scale_x = scale_y = std::min(scale_x, scale_y);
  const int to_width = std::clamp(static_cast<int>(std::lround(frame.width * scale_x)), 1, width);
  const int to_height = std::clamp(static_cast<int>(std::lround(frame.height * scale_y)), 1, height);
  resize_frame(frame, to_width, to_height, small);
  return {{small.data(), to_width, to_height, frame.channels, std::ptrdiff_t{to_width} * frame.channels},
          static_cast<double>(to_width) / frame.width,
          static_cast<double>(to_height) / frame.height};
}

cv::Mat FrameNetwork::State::run_segmentation(const PixelView& frame, int x, int y, int run_width, int run_height) {
  run(frame, x, y, run_width, run_height);
  cv::Mat map = read_probability(output(0), spec, channels_last, run_width, run_height);
  if (map.cols != run_width) {
    cv::Mat full;
    cv::resize(map, full, {run_width, run_height}, 0, 0, cv::INTER_LINEAR);
    return full;
  }
  return map;
}

void FrameNetwork::State::run_detection(const PixelView& frame, int x, int y, float least_score,
                                        std::vector<DetectedBox>& found) {
  const int run_width = width != 0 ? width : (frame.width + spec.multiple - 1) / spec.multiple * spec.multiple;
  const int run_height = height != 0 ? height : (frame.height + spec.multiple - 1) / spec.multiple * spec.multiple;
  run(frame, x, y, run_width, run_height);
  DetectorOutputs outputs;
  outputs.boxes = output(boxes);
  if (!spec.scores.empty()) outputs.scores = output(scores);
  if (!spec.labels.empty()) outputs.labels = output(labels);
  read_boxes(outputs, spec, run_width, run_height, least_score, found);
}

FrameNetwork::FrameNetwork(const std::string& file, InferencePrecision precision)
    : FrameNetwork(load_network(file), precision) {}

FrameNetwork::FrameNetwork(NetworkFile file, InferencePrecision precision) {
  const NetworkTask task = task_of(file);
  const std::string where = file.notes_from.empty() ? file.name + ".json" : file.notes_from;
  FrameNetworkSpec spec = parse_frame_network(file.notes.empty() ? "{}" : file.notes, where, task);
  state_ = std::make_unique<State>(std::move(file), std::move(spec));
  state_->read_input_shape();
  state_->find_outputs();
  state_->compile(precision);
  // The first run is where OpenVINO allocates and what it gives shows its shape.
  const int side = (256 + state_->spec.multiple - 1) / state_->spec.multiple * state_->spec.multiple;
  const std::vector<std::uint8_t> grey(static_cast<std::size_t>(side) * static_cast<std::size_t>(side), 128);
  const PixelView frame{grey.data(), side, side, 1, side};
  try {
    cv::Mat probability;
    std::vector<DetectedBox> boxes;
    if (task == NetworkTask::kSegmentation) segment(frame, probability);
    if (task == NetworkTask::kDetection) detect(frame, 0, boxes);
    if (task == NetworkTask::kFrame) measure(frame);
  } catch (const std::runtime_error& error) {
    refuse(fmt::format("{}: {}", state_->file.name, error.what()));
  }
}

FrameNetwork::~FrameNetwork() = default;

const ModelIdentity& FrameNetwork::identity() const { return state_->file.identity; }
const FrameNetworkSpec& FrameNetwork::spec() const { return state_->spec; }

std::string FrameNetwork::describe() const {
  const State& state = *state_;
  const FrameNetworkSpec& spec = state.spec;
  std::string text = fmt::format("network      {} ({})\nsha256       {}\nnotes        {}\n", state.file.identity.name,
                                 state.file.format, state.file.identity.sha256,
                                 state.file.notes_from.empty() ? "none" : state.file.notes_from);
  if (!spec.about.empty()) text += "about        " + spec.about + "\n";
  text += fmt::format("task         {}\n", to_string(spec.task));
  text += fmt::format("input        {}, {} channel{}, {}, {}\n",
                      state.width == 0 ? "the frame's size" : fmt::format("{}x{} pixels", state.width, state.height),
                      state.channels, state.channels == 1 ? "" : "s", to_string(spec.input),
                      state.channels_last ? "channels last" : "channels first");
  text += fmt::format("             pixels enter as (pixel - mean) / scale; mean {}, scale {}\n",
                      fmt::join(spec.mean.begin(), spec.mean.begin() + state.channels, ", "),
                      fmt::join(spec.scale.begin(), spec.scale.begin() + state.channels, ", "));
  text +=
      fmt::format("fit          {}{}\n", to_string(state.fit),
                  state.fit == FrameFit::kTile ? fmt::format(", neighbours overlap by {} pixels", spec.overlap) : "");
  for (const auto& output : std::as_const(*state.file.model).outputs()) {
    text += fmt::format("output       {} {}\n", output.get_names().empty() ? "?" : *output.get_names().begin(),
                        output.get_partial_shape().to_string());
  }
  if (spec.task == NetworkTask::kFrame) {
    text += fmt::format("values       {}\n", fmt::join(spec.classes.empty() ? spec.names : spec.classes, ", "));
  } else {
    text += fmt::format("threshold    {}\n", spec.threshold ? fmt::format("{}", *spec.threshold) : "--min-score");
  }
  return text;
}

void FrameNetwork::segment(const PixelView& frame, cv::Mat& probability) {
  State& state = *state_;
  cv::setNumThreads(1);
  if (state.fit == FrameFit::kStretch || state.fit == FrameFit::kLetterbox) {
    const auto small = state.resized(frame);
    const cv::Mat map = state.run_segmentation(small.pixels, 0, 0, state.width, state.height);
    cv::resize(map(cv::Rect(0, 0, small.pixels.width, small.pixels.height)), probability, {frame.width, frame.height},
               0, 0, cv::INTER_LINEAR);
    return;
  }
  const int multiple = state.spec.multiple;
  const auto rounded = [multiple](int pixels) { return (pixels + multiple - 1) / multiple * multiple; };
  const int tile_width = state.width != 0 ? state.width : rounded(frame.width);
  const int tile_height = state.height != 0 ? state.height : rounded(frame.height);
  const auto across = plan_tiles(frame.width, tile_width, state.spec.overlap, multiple);
  const auto down = plan_tiles(frame.height, tile_height, state.spec.overlap, multiple);
  cv::Mat weights = cv::Mat::zeros(frame.height, frame.width, CV_32F);
  probability = cv::Mat::zeros(frame.height, frame.width, CV_32F);
  for (const TileSpan& row : down) {
    for (const TileSpan& column : across) {
      const cv::Mat map = state.run_segmentation(frame, column.begin, row.begin, tile_width, tile_height);
      for (int y = 0; y < tile_height && row.begin + y < frame.height; ++y) {
        const float of_row = row.weights[static_cast<std::size_t>(y)];
        const auto* from = map.ptr<float>(y);
        auto* to = probability.ptr<float>(row.begin + y) + column.begin;
        auto* weight = weights.ptr<float>(row.begin + y) + column.begin;
        const int end = std::min(tile_width, frame.width - column.begin);
        for (int x = 0; x < end; ++x) {
          const float share = of_row * column.weights[static_cast<std::size_t>(x)];
          to[x] += share * from[x];
          weight[x] += share;
        }
      }
    }
  }
  for (int y = 0; y < frame.height; ++y) {
    auto* to = probability.ptr<float>(y);
    const auto* weight = weights.ptr<float>(y);
    for (int x = 0; x < frame.width; ++x) to[x] /= weight[x];
  }
}

void FrameNetwork::detect(const PixelView& frame, float least_score, std::vector<DetectedBox>& boxes) {
  State& state = *state_;
  boxes.clear();
  const bool tiled = state.fit == FrameFit::kTile;
  if (tiled) {
    for (const TileSpan& row : plan_tiles(frame.height, state.height, state.spec.overlap, state.spec.multiple)) {
      for (const TileSpan& column : plan_tiles(frame.width, state.width, state.spec.overlap, state.spec.multiple)) {
        const std::size_t before = boxes.size();
        state.run_detection(frame, column.begin, row.begin, least_score, boxes);
        for (std::size_t i = before; i < boxes.size(); ++i) {
          boxes[i].x0 += column.begin, boxes[i].x1 += column.begin;
          boxes[i].y0 += row.begin, boxes[i].y1 += row.begin;
        }
      }
    }
  } else if (state.fit == FrameFit::kWhole) {
    state.run_detection(frame, 0, 0, least_score, boxes);
  } else {
    const auto small = state.resized(frame);
    state.run_detection(small.pixels, 0, 0, least_score, boxes);
    for (DetectedBox& box : boxes) {
      box.x0 /= small.scale_x, box.x1 /= small.scale_x;
      box.y0 /= small.scale_y, box.y1 /= small.scale_y;
    }
  }
  for (DetectedBox& box : boxes) {
    box.x0 = std::clamp(box.x0, 0.0, double(frame.width)), box.x1 = std::clamp(box.x1, 0.0, double(frame.width));
    box.y0 = std::clamp(box.y0, 0.0, double(frame.height)), box.y1 = std::clamp(box.y1, 0.0, double(frame.height));
  }
  std::erase_if(boxes, [](const DetectedBox& box) { return box.x1 <= box.x0 || box.y1 <= box.y0; });
  std::stable_sort(boxes.begin(), boxes.end(),
                   [](const DetectedBox& a, const DetectedBox& b) { return a.score > b.score; });
  if (boxes.size() > kMostBoxes) boxes.resize(kMostBoxes);
  if (state.spec.nms || tiled) drop_doubles(state.spec.nms.value_or(kTiledNms), boxes);
}

std::vector<double> FrameNetwork::measure(const PixelView& frame) {
  State& state = *state_;
  const auto small = state.resized(frame);
  state.run(small.pixels, 0, 0, state.width, state.height);
  const std::size_t count = std::max(state.spec.classes.size(), state.spec.names.size());
  return read_numbers(state.output(0), state.spec, count);
}

}  // namespace capillaryx
