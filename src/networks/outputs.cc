// SPDX-License-Identifier: Apache-2.0
#include "networks/outputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>
#include <string>

namespace capillaryx {
namespace {

constexpr float kSlack = 1e-3F;  // by which a softmax in low precision may miss 0 and 1

[[noreturn]] void refuse(const std::string& message) { throw std::runtime_error(message); }

float finite(float number) {
  if (!std::isfinite(number)) refuse("the network gave a number that is not finite");
  return number;
}

float checked_probability(float number) {
  if (finite(number) < -kSlack || number > 1 + kSlack) {
    refuse(
        fmt::format("the network gave {} where a probability from 0 to 1 is expected (a network without softmax or "
                    "sigmoid needs \"output\": \"logits\" in its notes)",
                    number));
  }
  return std::clamp(number, 0.0F, 1.0F);
}

float sigmoid(float number) { return 1 / (1 + std::exp(-number)); }

// The probability of class `wanted` of `count` numbers that lie `step` apart.
float probability(const float* numbers, std::size_t count, std::size_t step, std::size_t wanted, NetworkValues kind) {
  if (kind == NetworkValues::kClasses)
    return std::lround(finite(numbers[0])) == static_cast<long>(wanted) ? 1.0F : 0.0F;
  if (kind == NetworkValues::kProbability) return checked_probability(numbers[wanted * step]);
  if (count == 1) return sigmoid(finite(numbers[0]));
  float sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += std::exp(finite(numbers[i * step]) - numbers[wanted * step]);
  return 1 / sum;
}

bool fits(std::size_t rows, std::size_t columns, int width, int height) {
  const auto w = static_cast<std::size_t>(width), h = static_cast<std::size_t>(height);
  return rows > 0 && columns > 0 && h % rows == 0 && w % columns == 0 && h / rows == w / columns;
}

// Without the sides of 1 before the last two.
ov::Shape table_shape(const ov::Tensor& tensor) {
  ov::Shape shape = tensor.get_shape();
  while (shape.size() > 2 && shape.front() == 1) shape.erase(shape.begin());
  return shape;
}

std::span<const float> numbers_of(const ov::Tensor& tensor) { return {tensor.data<float>(), tensor.get_size()}; }

/// Where each number of a box stands in a table.
struct Columns {
  explicit Columns(const FrameNetworkSpec& spec) {
    for (std::size_t i = 0; i < spec.columns.size(); ++i) {
      const std::string& name = spec.columns[i];
      const int place = static_cast<int>(i);
      if (name == "x0") x0 = place;
      if (name == "y0") y0 = place;
      if (name == "x1") x1 = place;
      if (name == "y1") y1 = place;
      if (name == "cx") cx = place;
      if (name == "cy") cy = place;
      if (name == "width") width = place;
      if (name == "height") height = place;
      if (name == "score") score = place;
      if (name == "class") class_ = place;
    }
  }
  int x0 = -1, y0 = -1, x1 = -1, y1 = -1, cx = -1, cy = -1, width = -1, height = -1, score = -1, class_ = -1;
};

}  // namespace

cv::Mat read_probability(const ov::Tensor& output, const FrameNetworkSpec& spec, bool channels_last, int width,
                         int height) {
  const ov::Shape& shape = output.get_shape();
  std::size_t rows = 0, columns = 0, classes = 1;
  bool last = channels_last;
  if (shape.size() == 3 && shape[0] == 1) {
    rows = shape[1];
    columns = shape[2];
  } else if (shape.size() == 4 && shape[0] == 1) {
    const bool first_fits = fits(shape[2], shape[3], width, height),
               last_fits = fits(shape[1], shape[2], width, height);
    if (first_fits != last_fits) last = last_fits;
    rows = shape[last ? 1 : 2];
    columns = shape[last ? 2 : 3];
    classes = shape[last ? 3 : 1];
  }
  if (!fits(rows, columns, width, height)) {
    refuse(
        fmt::format("for an input of {}x{} pixels the network's output is {}; a segmentation gives [1, classes, "
                    "height, width] or [1, height, width, classes] with the input's sides or a whole fraction of them",
                    width, height, shape.to_string()));
  }
  const bool map = spec.values == NetworkValues::kClasses;
  if (map && classes != 1) {
    refuse(fmt::format("the network's output is {}: {} numbers a pixel, but it is said to be \"classes\", which is one",
                       shape.to_string(), classes));
  }
  if (!map && classes > 1 && !spec.capillary_class) {
    refuse(
        fmt::format("the network gives {} classes, and nothing says which of them (from 0) is a capillary; write "
                    "\"capillary_class\": NUMBER into its notes",
                    classes));
  }
  const auto wanted = static_cast<std::size_t>(spec.capillary_class.value_or(0));
  if (!map && wanted >= classes) {
    refuse(fmt::format("\"capillary_class\" is {}, but the network gives {} class{}, counted from 0", wanted, classes,
                       classes == 1 ? "" : "es"));
  }
  cv::Mat probabilities(static_cast<int>(rows), static_cast<int>(columns), CV_32F);
  const float* const numbers = output.data<float>();
  const std::size_t pixel_step = last ? classes : 1, class_step = last ? 1 : rows * columns;
  auto* const to = probabilities.ptr<float>();
  for (std::size_t i = 0; i < rows * columns; ++i) {
    to[i] = probability(numbers + i * pixel_step, classes, class_step, wanted, spec.values);
  }
  return probabilities;
}

void read_boxes(const DetectorOutputs& outputs, const FrameNetworkSpec& spec, int width, int height, float least_score,
                std::vector<DetectedBox>& boxes) {
  if (outputs.boxes.get_size() == 0) return;
  const Columns columns(spec);
  const std::size_t wanted = spec.columns.size();
  const ov::Shape shape = table_shape(outputs.boxes);
  const bool rows_first = shape.size() == 2 && shape[1] == wanted;
  if (!rows_first && !(shape.size() == 2 && shape[0] == wanted)) {
    refuse(
        fmt::format("the network's boxes are {}, but \"columns\" names {} numbers a box; expected [1, boxes, {}] or "
                    "[1, {}, boxes]",
                    outputs.boxes.get_shape().to_string(), wanted, wanted, wanted));
  }
  const std::size_t count = rows_first ? shape[0] : shape[1];
  const std::size_t box_step = rows_first ? wanted : 1, column_step = rows_first ? 1 : count;
  for (const ov::Tensor* tensor : {&outputs.scores, &outputs.labels}) {
    if (*tensor && tensor->get_size() != count) {
      refuse(fmt::format("the network gives {} boxes and {} scores or labels; expected one a box", count,
                         tensor->get_size()));
    }
  }
  const float* const numbers = outputs.boxes.data<float>();
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = [&](int column) {
      return finite(numbers[i * box_step + static_cast<std::size_t>(column) * column_step]);
    };
    float score = outputs.scores ? finite(numbers_of(outputs.scores)[i]) : number(columns.score);
    score = spec.values == NetworkValues::kLogits ? sigmoid(score) : checked_probability(score);
    if (score < least_score) continue;
    if (spec.capillary_class) {
      const float label = outputs.labels ? numbers_of(outputs.labels)[i] : number(columns.class_);
      if (std::lround(finite(label)) != *spec.capillary_class) continue;
    }
    DetectedBox box;
    box.score = score;
    const double sx = spec.normalised ? width : 1, sy = spec.normalised ? height : 1;
    if (columns.cx >= 0) {
      const double half_width = static_cast<double>(number(columns.width)) / 2;
      const double half_height = static_cast<double>(number(columns.height)) / 2;
      box.x0 = (static_cast<double>(number(columns.cx)) - half_width) * sx;
      box.x1 = (static_cast<double>(number(columns.cx)) + half_width) * sx;
      box.y0 = (static_cast<double>(number(columns.cy)) - half_height) * sy;
      box.y1 = (static_cast<double>(number(columns.cy)) + half_height) * sy;
    } else {
      box.x0 = static_cast<double>(number(columns.x0)) * sx;
      box.y0 = static_cast<double>(number(columns.y0)) * sy;
      box.x1 = columns.x1 >= 0 ? static_cast<double>(number(columns.x1)) * sx
                               : box.x0 + static_cast<double>(number(columns.width)) * sx;
      box.y1 = columns.y1 >= 0 ? static_cast<double>(number(columns.y1)) * sy
                               : box.y0 + static_cast<double>(number(columns.height)) * sy;
    }
    boxes.push_back(box);
  }
}

std::vector<double> read_numbers(const ov::Tensor& output, const FrameNetworkSpec& spec, std::size_t count) {
  if (output.get_size() != count) {
    refuse(fmt::format("the network's output is {}: {} numbers a frame, but {} are named",
                       output.get_shape().to_string(), output.get_size(), count));
  }
  std::vector<double> all;
  for (std::size_t i = 0; i < count; ++i) {
    const float* const numbers = output.data<float>();
    all.push_back(static_cast<double>(spec.classes.empty() ? finite(numbers[i])
                                                           : probability(numbers, count, 1, i, spec.values)));
  }
  return all;
}

}  // namespace capillaryx
