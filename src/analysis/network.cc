// SPDX-License-Identifier: Apache-2.0
#include "analysis/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <openvino/frontend/manager.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/max_pool.hpp>
#include <sstream>
#include <string_view>
#include <vector>

#include "analysis/network_files.h"
#include "capillaryx/error.h"

extern "C" {
extern const std::byte capillaryx_shipped_network[];      // NOLINT(readability-identifier-naming)
extern const std::byte capillaryx_shipped_network_end[];  // NOLINT(readability-identifier-naming)
}

namespace capillaryx {
namespace {

namespace fs = std::filesystem;

constexpr char kShippedName[] = "capillary.onnx";
constexpr std::uintmax_t kMaxNotesBytes = 1 << 20;
constexpr char kNotesKey[] = "capillaryx";  // in the ONNX metadata

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::kModel, message); }

const char* reader_name(NetworkFormat format) {
  switch (format) {
    case NetworkFormat::kOnnx:
      return "onnx";
    case NetworkFormat::kTflite:
      return "tflite";
    case NetworkFormat::kIr:
      return "ir";
    case NetworkFormat::kSavedModel:
      return "tf";
  }
  return "?";
}

// How many of `size` rows (axis 0) or columns (axis 1) reach the output of a chain of convolutions and poolings without
// padding. Anything else than such a chain reads all.
int used_size(const ov::Model& model, int size, std::size_t axis) {
  struct Window {
    int side, step;
  };
  std::vector<Window> windows;
  for (const auto& node : model.get_ordered_ops()) {
    static constexpr std::string_view kHarmless[] = {
        "Parameter", "Constant", "Add",       "Multiply", "Subtract", "Relu",   "Reshape",   "MatMul",
        "ShapeOf",   "Concat",   "Broadcast", "Softmax",  "Sigmoid",  "Result", "Transpose", "Squeeze"};
    const auto add = [&](const auto& sides, const auto& steps, const auto& padding_before, const auto& padding_after,
                         const auto& dilations) {
      if (padding_before[axis] != 0 || padding_after[axis] != 0 || dilations[axis] != 1) return false;
      windows.push_back({static_cast<int>(sides[axis]), static_cast<int>(steps[axis])});
      return true;
    };
    if (const auto conv = ov::as_type_ptr<ov::op::v1::Convolution>(node)) {
      const auto kernel = conv->get_input_partial_shape(1);
      if (kernel.is_dynamic() || kernel.size() != 4) return size;
      const ov::Shape sides = kernel.to_shape();
      const std::size_t side[2] = {sides[2], sides[3]};
      if (conv->get_auto_pad() != ov::op::PadType::EXPLICIT && conv->get_auto_pad() != ov::op::PadType::VALID)
        return size;
      if (!add(side, conv->get_strides(), conv->get_pads_begin(), conv->get_pads_end(), conv->get_dilations()))
        return size;
    } else if (const auto pool = ov::as_type_ptr<ov::op::util::MaxPoolBase>(node)) {
      static const ov::Strides kNoDilation{1, 1};
      const auto dilated = ov::as_type_ptr<ov::op::v8::MaxPool>(node);
      if (pool->get_auto_pad() != ov::op::PadType::EXPLICIT && pool->get_auto_pad() != ov::op::PadType::VALID)
        return size;
      if (pool->get_rounding_type() != ov::op::RoundingType::FLOOR || pool->get_kernel().size() != 2) return size;
      if (!add(pool->get_kernel(), pool->get_strides(), pool->get_pads_begin(), pool->get_pads_end(),
               dilated ? dilated->get_dilations() : kNoDilation)) {
        return size;
      }
    } else if (std::find(std::begin(kHarmless), std::end(kHarmless), node->get_type_info().name) ==
               std::end(kHarmless)) {
      return size;
    }
  }
  int used = size;
  for (const Window& window : windows) used = (used - window.side) / window.step + 1;
  for (auto window = windows.rbegin(); window != windows.rend(); ++window) {
    used = (used - 1) * window->step + window->side;
  }
  return used >= 1 && used <= size ? used : size;
}

// Sets the batch (and open sides) and makes input and output f32.
void fix_shapes(const std::string& name, std::size_t wanted_batch, Network& network) {
  ov::PartialShape shape = network.model->input().get_partial_shape();
  const bool open = shape[0].is_dynamic();
  network.batch = open ? wanted_batch : static_cast<std::size_t>(shape[0].get_length());
  if (network.batch < 1 || network.batch > 1024) {
    refuse(fmt::format("{}: it takes {} regions at once; 1 to 1024 are expected", name, network.batch));
  }
  const NetworkSpec& spec = network.spec;
  shape[0] = static_cast<std::int64_t>(network.batch);
  network.used_height = spec.channels_last ? spec.height : used_size(*network.model, spec.height, 0);
  network.used_width = spec.channels_last ? spec.width : used_size(*network.model, spec.width, 1);
  shape[spec.channels_last ? 1 : 2] = network.used_height;
  shape[spec.channels_last ? 2 : 3] = network.used_width;
  try {
    network.model->reshape(shape);
    ov::preprocess::PrePostProcessor types(network.model);
    types.input().tensor().set_element_type(ov::element::f32);
    types.output().tensor().set_element_type(ov::element::f32);
    network.model = types.build();
  } catch (const std::exception& error) {
    refuse(fmt::format("{}: cannot be run on {} regions at once ({})", name, network.batch, openvino_reason(error)));
  }
  const ov::PartialShape output = network.model->output().get_partial_shape();
  const std::size_t expected = network.batch * static_cast<std::size_t>(spec.outputs);
  if (output.is_dynamic() || ov::shape_size(output.to_shape()) != expected) {
    refuse(fmt::format("{}: for {} regions its output is {}; expected {} numbers a region", name, network.batch,
                       output.to_string(), spec.outputs));
  }
}

// Without its instructions, bf16 would be worked out in f32, or slowly.
void check_bf16(const ov::Core& core) {
  const auto can = core.get_property("CPU", ov::device::capabilities);
  if (std::find(can.begin(), can.end(), ov::device::capability::BF16) != can.end()) return;
  throw Error(ErrorKind::kModel,
              "inference_precision bf16: this processor has neither AVX-512 BF16 nor AMX; f32 runs everywhere");
}

}  // namespace

TensorShape tensor_shape(const ov::PartialShape& partial) {
  TensorShape shape;
  if (partial.rank().is_dynamic()) return shape;
  for (const auto& side : partial) {
    shape.push_back(side.is_static() ? std::optional<std::int64_t>(side.get_length()) : std::nullopt);
  }
  return shape;
}

void check_network_type(const std::string& name, const char* what, const ov::element::Type& type) {
  if (type == ov::element::f32 || type == ov::element::f16) return;
  refuse(fmt::format("{}: its {} is of type {}; expected f32 (or f16)", name, what, type.get_type_name()));
}

ov::CompiledModel compile_network(ov::Core& core, const std::shared_ptr<ov::Model>& model,
                                  InferencePrecision precision) {
  const bool bf16 = precision == InferencePrecision::kBf16;
  if (bf16) check_bf16(core);
  return core.compile_model(
      model, "CPU", ov::inference_num_threads(1), ov::num_streams(1),
      ov::hint::inference_precision(bf16 ? ov::element::bf16 : ov::element::f32),
      ov::hint::execution_mode(bf16 ? ov::hint::ExecutionMode::PERFORMANCE : ov::hint::ExecutionMode::ACCURACY),
      ov::hint::enable_cpu_pinning(false));
}

std::span<const std::byte> shipped_network() { return {capillaryx_shipped_network, capillaryx_shipped_network_end}; }

std::string openvino_reason(const std::exception& error) {
  // The first lines name places in OpenVINO's sources; the last one that is not empty says what is wrong.
  std::string text = error.what();
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const std::size_t line = text.rfind('\n');
  return line == std::string::npos ? text : text.substr(line + 1);
}

ModelIdentity shipped_identity() { return {kShippedName, CAPILLARYX_NETWORK_SHA256}; }

NetworkFile load_network(const std::string& file) {
  NetworkFile network;
  const bool shipped = file.empty();
  const fs::path path(shipped ? std::string(kShippedName) : file);
  const NetworkFormat format = shipped ? NetworkFormat::kOnnx : network_format(path);
  network.format = format_name(format);
  network.name = shipped ? "the shipped network" : file;

  const fs::path notes_file((path.has_filename() ? path : path.parent_path()).string() + ".json");
  std::error_code failed;
  if (!shipped && fs::exists(notes_file, failed)) {
    network.notes = read_network_file(notes_file, kMaxNotesBytes);
    network.notes_from = notes_file.string();
  }
  // Before OpenVINO reads it: this refuses external data out of the folder, and addresses of memory in its place.
  network.identity = {(path.has_filename() ? path : path.parent_path()).filename().string(),
                      shipped ? shipped_identity().sha256 : network_hash(path, format, network.notes)};
  try {
    // Core::read_model would try every reader that it has: slower, and some print what they think of the file.
    const auto reader = ov::frontend::FrontEndManager().load_by_framework(reader_name(format));
    if (shipped) {
      const auto data = shipped_network();
      std::istringstream stream(std::string(reinterpret_cast<const char*>(data.data()), data.size()));
      std::istream* const in = &stream;
      network.model = reader->convert(reader->load(in));
    } else {
      network.model = reader->convert(reader->load(file));
    }
  } catch (const std::exception& error) {
    refuse(fmt::format("{}: not a network that can be read as {}: damaged, truncated or of another kind ({})",
                       network.name, network.format, openvino_reason(error)));
  }
  if (network.notes_from.empty() && network.model->has_rt_info("framework", kNotesKey)) {
    network.notes = network.model->get_rt_info<std::string>("framework", kNotesKey);
    network.notes_from = network.name + " (its metadata)";
  }
  return network;
}

Network read_network(const std::string& file, std::size_t wanted_batch) {
  NetworkFile loaded = load_network(file);
  const std::string& name = loaded.name;
  Network network;
  network.identity = loaded.identity;
  network.model = loaded.model;
  network.format = loaded.format;
  network.notes_from = loaded.notes_from;
  std::optional<NetworkNotes> notes;
  if (!network.notes_from.empty()) notes = parse_network_notes(loaded.notes, network.notes_from);
  if (notes) network.about = notes->about;

  if (network.model->inputs().size() != 1 || network.model->outputs().size() != 1) {
    refuse(fmt::format("{}: it has {} inputs and {} outputs; expected one of each", name,
                       network.model->inputs().size(), network.model->outputs().size()));
  }
  check_network_type(name, "input", network.model->input().get_element_type());
  check_network_type(name, "output", network.model->output().get_element_type());
  network.spec = make_network_spec(name, tensor_shape(network.model->input().get_partial_shape()),
                                   tensor_shape(network.model->output().get_partial_shape()), notes);
  fix_shapes(name, wanted_batch, network);
  return network;
}

}  // namespace capillaryx
