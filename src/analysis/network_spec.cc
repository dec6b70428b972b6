// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_spec.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "capillaryx/error.h"

namespace capillaryx {
namespace {

using nlohmann::json;

constexpr int kMaxSide = 1024;     // px; larger inputs would be gigabytes per frame
constexpr int kMaxOutputs = 1000;  // ImageNet's
constexpr char kExample[] = R"({"input": "rgb", "mean": [0, 0, 0], "scale": [255, 255, 255], "capillary_class": 1})";

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::kModel, message); }

std::string shape_text(const TensorShape& shape) {
  std::string text = "[";
  for (const auto& side : shape) {
    if (text.size() > 1) text += ", ";
    text += side ? fmt::format("{}", *side) : "?";
  }
  return text + "]";
}

double number_of(const json& value, const std::string& where, std::string_view key) {
  if (!value.is_number()) refuse(fmt::format("{}: \"{}\" must be a number", where, key));
  const double number = value.get<double>();
  if (!std::isfinite(number)) refuse(fmt::format("{}: \"{}\" must be finite", where, key));
  return number;
}

int whole_number_of(const json& value, const std::string& where, std::string_view key, int least, int most) {
  const double number = number_of(value, where, key);
  if (number != std::floor(number) || number < least || number > most) {
    refuse(fmt::format("{}: \"{}\" must be a whole number from {} to {}", where, key, least, most));
  }
  return static_cast<int>(number);
}

std::array<float, 3> channel_values_of(const json& value, const std::string& where, std::string_view key) {
  std::array<float, 3> values{};
  if (value.is_number()) {
    values.fill(static_cast<float>(number_of(value, where, key)));
    return values;
  }
  if (!value.is_array() || (value.size() != 1 && value.size() != 3)) {
    refuse(fmt::format("{}: \"{}\" must be a number, or a list of one for each channel", where, key));
  }
  for (std::size_t c = 0; c < 3; ++c) {
    values[c] = static_cast<float>(number_of(value[value.size() == 1 ? 0 : c], where, key));
  }
  return values;
}

std::string choice_of(const json& value, const std::string& where, std::string_view key,
                      std::initializer_list<const char*> choices) {
  std::string all;
  for (const char* choice : choices) {
    if (value.is_string() && value.get_ref<const std::string&>() == choice) return choice;
    all += (all.empty() ? "" : ", ") + std::string(choice);
  }
  refuse(fmt::format("{}: \"{}\" must be one of {}", where, key, all));
}

InputKind input_kind_of(const std::string& name) {
  for (const InputKind kind : {InputKind::kLocalContrast, InputKind::kRgb, InputKind::kBgr}) {
    if (name == to_string(kind)) return kind;
  }
  return InputKind::kGrey;
}

void read_field(const std::string& key, const json& value, const std::string& where, NetworkNotes& notes) {
  if (key == "input") {
    notes.input = input_kind_of(choice_of(value, where, key, {"local_contrast", "rgb", "bgr", "grey"}));
  } else if (key == "task") {
    choice_of(value, where, key, {"region"});  // those of other tasks are read by src/networks
  } else if (key == "layout") {
    notes.channels_last = choice_of(value, where, key, {"nchw", "nhwc"}) == "nhwc";
  } else if (key == "output") {
    notes.logits = choice_of(value, where, key, {"probability", "logits"}) == "logits";
  } else if (key == "width") {
    notes.width = whole_number_of(value, where, key, 1, kMaxSide);
  } else if (key == "height") {
    notes.height = whole_number_of(value, where, key, 1, kMaxSide);
  } else if (key == "mean") {
    notes.mean = channel_values_of(value, where, key);
  } else if (key == "scale") {
    notes.scale = channel_values_of(value, where, key);
    for (const float scale : notes.scale) {
      if (scale == 0) refuse(where + ": \"scale\" must not be 0: pixels are divided by it");
    }
  } else if (key == "capillary_class") {
    notes.capillary_class = whole_number_of(value, where, key, 0, kMaxOutputs - 1);
  } else if (key == "threshold") {
    notes.threshold = number_of(value, where, key);
    if (*notes.threshold < 0 || *notes.threshold > 1) refuse(where + ": \"threshold\" must be from 0 to 1");
  } else if (key == "usual_share") {
    notes.usual_share = number_of(value, where, key);
    if (!(*notes.usual_share > 0 && *notes.usual_share < 1)) {
      refuse(where + ": \"usual_share\" must be between 0 and 1");
    }
  } else if (key == "about") {
    if (!value.is_string()) refuse(where + ": \"about\" must be a text");
    notes.about = value.get<std::string>();
  } else {
    refuse(
        fmt::format("{}: \"{}\" is not known (known: input, mean, scale, layout, width, height, output, "
                    "capillary_class, threshold, usual_share, about)",
                    where, key));
  }
}

/// The sides of the input: [batch, height, width, channels] or [batch, channels, height, width].
void read_input_shape(const std::string& name, const TensorShape& shape, const NetworkNotes& notes, NetworkSpec& spec) {
  const std::string expected =
      "expected one input [batch, height, width, channels] or [batch, channels, height, width] with 1, 3 or 4 channels";
  if (shape.size() != 4) refuse(fmt::format("{}: its input is {}; {}", name, shape_text(shape), expected));
  const auto is_channels = [&shape](std::size_t axis) {
    return shape[axis] == 1 || shape[axis] == 3 || shape[axis] == 4;
  };
  if (notes.channels_last) {
    spec.channels_last = *notes.channels_last;
  } else if (is_channels(1) != is_channels(3)) {
    spec.channels_last = is_channels(3);
  } else if (is_channels(1)) {
    refuse(
        fmt::format("{}: its input is {}, which may be read both ways; write \"layout\": \"nchw\" or \"nhwc\" into "
                    "{}.json",
                    name, shape_text(shape), name));
  }
  const std::size_t channel_axis = spec.channels_last ? 3 : 1;
  const std::size_t height_axis = spec.channels_last ? 1 : 2;
  if (!is_channels(channel_axis)) refuse(fmt::format("{}: its input is {}; {}", name, shape_text(shape), expected));
  spec.channels = static_cast<int>(*shape[channel_axis]);

  const auto side = [&](std::size_t axis, const std::optional<int>& said, const char* key) {
    if (!shape[axis] && !said) {
      refuse(fmt::format("{}: its input is {}, which leaves the {} open; write \"{}\": PIXELS into {}.json", name,
                         shape_text(shape), key, key, name));
    }
    const std::int64_t pixels = shape[axis] ? *shape[axis] : *said;
    if (said && pixels != *said) {
      refuse(fmt::format("{}: its input is {}, but its {} is said to be {}", name, shape_text(shape), key, *said));
    }
    if (pixels < 1 || pixels > kMaxSide) {
      refuse(
          fmt::format("{}: its input is {}; sides of 1 to {} pixels are expected", name, shape_text(shape), kMaxSide));
    }
    return static_cast<int>(pixels);
  };
  spec.height = side(height_axis, notes.height, "height");
  spec.width = side(height_axis + 1, notes.width, "width");
}

void read_output_shape(const std::string& name, const TensorShape& shape, const NetworkNotes& notes,
                       NetworkSpec& spec) {
  std::int64_t outputs = 1;
  bool known = !shape.empty();
  for (std::size_t axis = 1; axis < shape.size() && known; ++axis) {
    known = shape[axis] && *shape[axis] >= 1 && *shape[axis] <= kMaxOutputs;
    if (known) outputs *= *shape[axis];
    known = known && outputs <= kMaxOutputs;
  }
  if (!known) {
    refuse(fmt::format("{}: its output is {}; expected [batch, classes] with at most {} classes, or [batch, 1]", name,
                       shape_text(shape), kMaxOutputs));
  }
  spec.outputs = static_cast<int>(outputs);
  if (spec.outputs > 1 && !notes.capillary_class) {
    refuse(
        fmt::format("{}: it has {} outputs, and nothing says which of them (from 0) is a capillary; write it into "
                    "{}.json, as in {}",
                    name, spec.outputs, name, kExample));
  }
  spec.capillary_class = notes.capillary_class.value_or(0);
  if (spec.capillary_class >= spec.outputs) {
    refuse(fmt::format("{}: \"capillary_class\" is {}, but its output is {}: {} number{} a region, counted from 0",
                       name, spec.capillary_class, shape_text(shape), spec.outputs, spec.outputs == 1 ? "" : "s"));
  }
}

}  // namespace

const char* to_string(InputKind value) {
  switch (value) {
    case InputKind::kLocalContrast:
      return "local_contrast";
    case InputKind::kRgb:
      return "rgb";
    case InputKind::kBgr:
      return "bgr";
    case InputKind::kGrey:
      return "grey";
  }
  return "?";
}

NetworkNotes parse_network_notes(std::string_view text, const std::string& where) {
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) refuse(fmt::format("{}: not a JSON object; expected one like {}", where, kExample));
  NetworkNotes notes;
  for (const auto& [key, value] : object.items()) read_field(key, value, where, notes);
  return notes;
}

NetworkSpec make_network_spec(const std::string& name, const TensorShape& input, const TensorShape& output,
                              const std::optional<NetworkNotes>& notes) {
  NetworkSpec spec;
  const NetworkNotes said = notes.value_or(NetworkNotes{});
  read_input_shape(name, input, said, spec);
  if (!said.input) {
    refuse(
        fmt::format("{}: it takes {}x{} pixels of {} channel{}, but nothing says what they hold; write it into "
                    "{}.json, as in {} (mean and scale: pixels enter as (pixel - mean) / scale)",
                    name, spec.width, spec.height, spec.channels, spec.channels == 1 ? "" : "s", name, kExample));
  }
  spec.input = *said.input;
  const bool contrast = spec.input == InputKind::kLocalContrast;
  const int channels_expected = spec.input == InputKind::kGrey ? 1 : 3;
  if (spec.channels != channels_expected && !(contrast && spec.channels == 4)) {
    refuse(fmt::format("{}: its input is {}: {} channel{}, but \"{}\" has {}{}", name, shape_text(input), spec.channels,
                       spec.channels == 1 ? "" : "s", to_string(spec.input), channels_expected,
                       contrast ? " or 4" : ""));
  }
  spec.mean = said.mean;
  spec.scale = said.scale;
  spec.logits = said.logits;
  spec.threshold = said.threshold;
  spec.usual_share = said.usual_share;
  read_output_shape(name, output, said, spec);
  return spec;
}

}  // namespace capillaryx
