// SPDX-License-Identifier: Apache-2.0
#include "networks/frame_network_spec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "capillaryx/error.h"
#include "options/nearest_name.h"

namespace capillaryx {
namespace {

using nlohmann::json;

constexpr int kMaxSide = 8192;
constexpr int kMaxClass = 999;
constexpr std::size_t kMaxNames = 1000;
constexpr char kExample[] = R"({"task": "segmentation", "input": "rgb", "scale": 255, "threshold": 0.5})";

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::kModel, message); }

/// One key's value, and where it stands, for messages.
struct Value {
  const json& value;
  const std::string& where;
  const std::string& key;

  [[noreturn]] void refuse_as(const std::string& expected) const {
    refuse(fmt::format("{}: \"{}\" must be {}", where, key, expected));
  }
  double number(double least, double most) const {
    if (!value.is_number()) refuse_as("a number");
    const double number = value.get<double>();
    if (!(number >= least && number <= most)) refuse_as(fmt::format("from {} to {}", least, most));
    return number;
  }
  int whole(int least, int most) const {
    if (!value.is_number()) refuse_as("a number");
    const double number = value.get<double>();
    if (!(number >= least && number <= most) || number != std::floor(number)) {
      refuse_as(fmt::format("a whole number from {} to {}", least, most));
    }
    return static_cast<int>(number);
  }
  std::string text() const {
    if (!value.is_string()) refuse_as("a text");
    return value.get<std::string>();
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    if (!value.is_array() || value.empty() || value.size() > kMaxNames) refuse_as("a list of texts");
    for (const json& each : value) {
      if (!each.is_string() || each.get_ref<const std::string&>().empty()) refuse_as("a list of texts");
      all.push_back(each.get<std::string>());
    }
    return all;
  }
  std::array<float, 3> channels() const {
    constexpr double kMost = 1e9;
    std::array<float, 3> values{};
    const bool list = value.is_array();
    if (list && value.size() != 1 && value.size() != 3) refuse_as("a number, or a list of one for each channel");
    for (std::size_t c = 0; c < 3; ++c) {
      const json& one = list ? value[value.size() == 1 ? 0 : c] : value;
      values[c] = static_cast<float>(Value{one, where, key}.number(-kMost, kMost));
    }
    return values;
  }
  /// The place of the text in `choices`.
  std::size_t choice(const std::vector<std::string>& choices) const {
    const auto found =
        value.is_string() ? std::find(choices.begin(), choices.end(), value.get<std::string>()) : choices.end();
    if (found == choices.end()) refuse_as(fmt::format("one of {}", fmt::join(choices, ", ")));
    return static_cast<std::size_t>(found - choices.begin());
  }
};

using Reader = std::function<void(const Value&, FrameNetworkSpec&)>;

const std::vector<std::string>& task_names() {
  static const std::vector<std::string> kNames{"region", "segmentation", "detection", "frame"};
  return kNames;
}

const std::vector<std::string>& column_names() {
  static const std::vector<std::string> kNames{"x0",    "y0",     "x1",    "y1",    "cx", "cy",
                                               "width", "height", "score", "class", "-"};
  return kNames;
}

/// What every task has.
std::map<std::string, Reader> common_keys() {
  return {
      {"task", [](const Value& value, FrameNetworkSpec&) { value.choice(task_names()); }},
      {"about", [](const Value& value, FrameNetworkSpec& spec) { spec.about = value.text(); }},
      {"input",
       [](const Value& value, FrameNetworkSpec& spec) {
         spec.input =
             std::array{InputKind::kRgb, InputKind::kBgr, InputKind::kGrey}[value.choice({"rgb", "bgr", "grey"})];
       }},
      {"layout",
       [](const Value& value, FrameNetworkSpec& spec) {
         spec.channels_last = value.choice({"nchw", "nhwc"}) == 1;
       }},
      {"mean", [](const Value& value, FrameNetworkSpec& spec) { spec.mean = value.channels(); }},
      {"scale",
       [](const Value& value, FrameNetworkSpec& spec) {
         spec.scale = value.channels();
         for (const float scale : spec.scale) {
           if (scale == 0) refuse(value.where + ": \"scale\" must not be 0: pixels are divided by it");
         }
       }},
      {"padding",
       [](const Value& value, FrameNetworkSpec& spec) {
         spec.padding = std::array{FramePadding::kEdge, FramePadding::kReflect,
                                   FramePadding::kZero}[value.choice({"edge", "reflect", "zero"})];
       }},
      {"fit",
       [](const Value& value, FrameNetworkSpec& spec) {
         spec.fit = std::array{FrameFit::kTile, FrameFit::kWhole, FrameFit::kStretch,
                               FrameFit::kLetterbox}[value.choice({"tile", "whole", "stretch", "letterbox"})];
       }},
      {"width", [](const Value& value, FrameNetworkSpec& spec) { spec.width = value.whole(1, kMaxSide); }},
      {"height", [](const Value& value, FrameNetworkSpec& spec) { spec.height = value.whole(1, kMaxSide); }},
      {"overlap", [](const Value& value, FrameNetworkSpec& spec) { spec.overlap = value.whole(0, kMaxSide); }},
      {"multiple", [](const Value& value, FrameNetworkSpec& spec) { spec.multiple = value.whole(1, kMaxSide); }},
  };
}

std::map<std::string, Reader> keys_of(NetworkTask task) {
  std::map<std::string, Reader> keys = common_keys();
  const Reader values = [task](const Value& value, FrameNetworkSpec& spec) {
    std::vector<std::string> choices{"probability", "logits"};
    if (task == NetworkTask::kSegmentation) choices.emplace_back("classes");
    spec.values =
        std::array{NetworkValues::kProbability, NetworkValues::kLogits, NetworkValues::kClasses}[value.choice(choices)];
  };
  const Reader capillary_class = [](const Value& value, FrameNetworkSpec& spec) {
    spec.capillary_class = value.whole(0, kMaxClass);
  };
  const Reader threshold = [](const Value& value, FrameNetworkSpec& spec) { spec.threshold = value.number(0, 1); };
  if (task == NetworkTask::kSegmentation) {
    keys.insert({{"output", values}, {"capillary_class", capillary_class}, {"threshold", threshold}});
  } else if (task == NetworkTask::kDetection) {
    keys.insert({{"output", values},
                 {"capillary_class", capillary_class},
                 {"threshold", threshold},
                 {"columns",
                  [](const Value& value, FrameNetworkSpec& spec) {
                    spec.columns = value.texts();
                    for (const std::string& column : spec.columns) {
                      const auto& known = column_names();
                      if (std::find(known.begin(), known.end(), column) == known.end()) {
                        value.refuse_as(fmt::format("a list of {}; it has \"{}\"", fmt::join(known, ", "), column));
                      }
                    }
                  }},
                 {"boxes", [](const Value& value, FrameNetworkSpec& spec) { spec.boxes = value.text(); }},
                 {"scores", [](const Value& value, FrameNetworkSpec& spec) { spec.scores = value.text(); }},
                 {"labels", [](const Value& value, FrameNetworkSpec& spec) { spec.labels = value.text(); }},
                 {"coordinates",
                  [](const Value& value, FrameNetworkSpec& spec) {
                    spec.normalised = value.choice({"pixels", "normalised"}) == 1;
                  }},
                 {"nms", [](const Value& value, FrameNetworkSpec& spec) { spec.nms = value.number(0, 1); }}});
  } else {
    keys.insert({{"output", values},
                 {"classes", [](const Value& value, FrameNetworkSpec& spec) { spec.classes = value.texts(); }},
                 {"values", [](const Value& value, FrameNetworkSpec& spec) { spec.names = value.texts(); }}});
  }
  return keys;
}

json object_of(std::string_view text, const std::string& where) {
  json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) refuse(fmt::format("{}: not a JSON object; expected one like {}", where, kExample));
  return object;
}

[[noreturn]] void refuse_key(const std::string& key, const std::string& where, NetworkTask task,
                             const std::map<std::string, Reader>& keys) {
  std::vector<std::string> names;
  for (const auto& [name, reader] : keys) names.push_back(name);
  const std::string nearest = nearest_name(key, names);
  refuse(fmt::format("{}: \"{}\" is not known for the task {}{} (known: {})", where, key, to_string(task),
                     nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", nearest), fmt::join(names, ", ")));
}

bool has_column(const FrameNetworkSpec& spec, const char* name) {
  return std::find(spec.columns.begin(), spec.columns.end(), name) != spec.columns.end();
}

void check_detection(const FrameNetworkSpec& spec, const std::string& where) {
  const auto all = [&spec](std::initializer_list<const char*> names) {
    return std::all_of(names.begin(), names.end(), [&spec](const char* name) { return has_column(spec, name); });
  };
  if (!all({"x0", "y0", "x1", "y1"}) && !all({"cx", "cy", "width", "height"}) &&
      !all({"x0", "y0", "width", "height"})) {
    refuse(where +
           ": nothing says which numbers of a box are its place; write \"columns\", as in "
           R"({"task": "detection", "columns": ["x0", "y0", "x1", "y1", "score"]} )"
           "(or cx, cy, width, height; \"-\" for a number without use)");
  }
  if (has_column(spec, "score") == !spec.scores.empty()) {
    refuse(where + ": name the boxes' score once: as a column \"score\", or as an output, \"scores\": NAME");
  }
  if ((has_column(spec, "class") || !spec.labels.empty()) != spec.capillary_class.has_value()) {
    refuse(
        where +
        ": \"capillary_class\" and where a box's class stands (a column \"class\", or \"labels\": NAME of an output) "
        "belong together; write both or none");
  }
}

}  // namespace

const char* to_string(NetworkTask value) { return task_names()[static_cast<std::size_t>(value)].c_str(); }

const char* to_string(FrameFit value) {
  return std::array{"tile", "whole", "stretch", "letterbox"}[static_cast<std::size_t>(value)];
}

std::optional<NetworkTask> named_task(std::string_view text, const std::string& where) {
  if (text.empty()) return std::nullopt;
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || !object.contains("task")) return std::nullopt;
  const std::string key = "task";
  return static_cast<NetworkTask>(Value{object[key], where, key}.choice(task_names()));
}

FrameNetworkSpec parse_frame_network(std::string_view text, const std::string& where, NetworkTask task) {
  const json object = object_of(text, where);
  const std::map<std::string, Reader> keys = keys_of(task);
  FrameNetworkSpec spec;
  spec.task = task;
  for (const auto& [key, value] : object.items()) {
    const auto found = keys.find(key);
    if (found == keys.end()) refuse_key(key, where, task, keys);
    found->second(Value{value, where, key}, spec);
  }
  if (!object.contains("input")) {
    refuse(
        fmt::format("{}: nothing says what its channels hold; write \"input\": \"rgb\", \"bgr\" or \"grey\", as in {}",
                    where, kExample));
  }
  if (task == NetworkTask::kDetection) check_detection(spec, where);
  if (task == NetworkTask::kFrame && spec.classes.empty() == spec.names.empty()) {
    refuse(where +
           ": name the numbers of a frame, either \"classes\": [\"good\", \"bad\"] (probabilities) or \"values\": "
           "[\"velocity\"] (numbers as they are)");
  }
  if (task == NetworkTask::kFrame && (spec.fit == FrameFit::kTile || spec.fit == FrameFit::kWhole)) {
    refuse(where + ": \"fit\" of the task frame must be stretch or letterbox");
  }
  if (task == NetworkTask::kSegmentation && spec.values == NetworkValues::kClasses && !spec.capillary_class) {
    refuse(where +
           ": its output is said to be classes; write which of them is a capillary, \"capillary_class\": NUMBER");
  }
  return spec;
}

}  // namespace capillaryx
