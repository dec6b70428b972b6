// SPDX-License-Identifier: Apache-2.0
#include "analysis/classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "analysis/network.h"
#include "analysis/network_input.h"
#include "capillaryx/error.h"

namespace capillaryx {
namespace {

constexpr float kSlack = 1e-3F;  // by which a softmax in low precision may miss 0 and 1

// The probability of a capillary among a region's numbers.
float probability(const NetworkSpec& spec, const float* numbers) {
  const auto of_class = static_cast<std::size_t>(spec.capillary_class);
  for (int i = 0; i < spec.outputs; ++i) {
    const float number = numbers[i];
    if (!std::isfinite(number)) throw std::runtime_error("the network gave a number that is not finite");
    if (!spec.logits && (number < -kSlack || number > 1 + kSlack)) {
      throw std::runtime_error(
          fmt::format("the network gave {} where a probability from 0 to 1 is expected (a network without softmax or "
                      "sigmoid needs \"output\": \"logits\" in its notes)",
                      number));
    }
  }
  if (!spec.logits) return std::clamp(numbers[of_class], 0.0F, 1.0F);
  if (spec.outputs == 1) return 1 / (1 + std::exp(-numbers[0]));
  float sum = 0;
  for (int i = 0; i < spec.outputs; ++i) sum += std::exp(numbers[i] - numbers[of_class]);
  return 1 / sum;
}

}  // namespace

struct Classifier::State {
  explicit State(const std::string& model_file) : network(read_network(model_file, kBatch)), maker(network.spec) {}

  ov::Core core;
  Network network;
  NetworkInputMaker maker;
  ov::InferRequest request;
  std::vector<float> region;  // one region as the network's file wants it
  std::span<float> input;     // of one batch, what the network uses of each
  std::span<const float> output;
};

Classifier::Classifier(const std::string& model_file, InferencePrecision precision)
    : state_(std::make_unique<State>(model_file)) {
  State& state = *state_;
  const std::string name = model_file.empty() ? "the shipped network" : model_file;
  try {
    ov::CompiledModel compiled = compile_network(state.core, state.network.model, precision);
    state.request = compiled.create_infer_request();
    ov::Tensor input = state.request.get_input_tensor();
    state.input = {input.data<float>(), input.get_size()};
    std::fill(state.input.begin(), state.input.end(), 0.0F);
    // The first run is where OpenVINO allocates, starts what threads it has, and reads what it reads.
    state.request.infer();
    const ov::Tensor output = state.request.get_output_tensor();
    state.output = {output.data<float>(), output.get_size()};
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(ErrorKind::kModel, fmt::format("{}: cannot be run ({})", name, openvino_reason(error)));
  }
  const std::size_t batch = state.network.batch;
  const std::size_t used = static_cast<std::size_t>(state.network.used_width) *
                           static_cast<std::size_t>(state.network.used_height) *
                           static_cast<std::size_t>(state.network.spec.channels);
  state.region.resize(static_cast<std::size_t>(state.network.spec.input_size()));
  if (state.input.size() != batch * used ||
      state.output.size() != batch * static_cast<std::size_t>(state.network.spec.outputs)) {
    throw Error(ErrorKind::kModel, name + ": its tensors have other sizes than it says");
  }
}

Classifier::~Classifier() = default;

const ModelIdentity& Classifier::identity() const { return state_->network.identity; }
const NetworkSpec& Classifier::spec() const { return state_->network.spec; }
const std::string& Classifier::format() const { return state_->network.format; }
const std::string& Classifier::about() const { return state_->network.about; }
const std::string& Classifier::notes_from() const { return state_->network.notes_from; }

// Puts what the network uses of a region's input into the batch.
void Classifier::put(std::span<const float> input, std::size_t place) {
  State& state = *state_;
  const NetworkSpec& spec = state.network.spec;
  const std::size_t size = state.input.size() / state.network.batch;
  float* to = state.input.data() + place * size;
  if (size == input.size()) {
    std::copy(input.begin(), input.end(), to);
    return;
  }
  const float* from = input.data();  // planes, one after the other
  for (int plane = 0; plane < spec.channels; ++plane, from += std::ptrdiff_t{spec.width} * spec.height) {
    for (int y = 0; y < state.network.used_height; ++y) {
      to = std::copy_n(from + std::ptrdiff_t{y} * spec.width, state.network.used_width, to);
    }
  }
}

void Classifier::run_batch(std::size_t count, std::vector<float>& scores) {
  State& state = *state_;
  const std::size_t size = state.input.size() / state.network.batch;
  std::fill(state.input.begin() + static_cast<std::ptrdiff_t>(count * size), state.input.end(), 0.0F);
  try {
    state.request.infer();
  } catch (const std::exception& error) {
    throw std::runtime_error("the network could not be run: " + openvino_reason(error));
  }
  const auto outputs = static_cast<std::size_t>(state.network.spec.outputs);
  for (std::size_t i = 0; i < count; ++i) {
    scores.push_back(probability(state.network.spec, state.output.data() + i * outputs));
  }
}

void Classifier::classify(const PixelView& frame, const ReducedFrame& reduced, const Background& background,
                          std::span<const Roi> rois, std::span<const Run> runs, std::vector<float>& scores) {
  State& state = *state_;
  scores.clear();
  state.maker.start(frame, reduced, background, runs);
  for (std::size_t first = 0; first < rois.size(); first += state.network.batch) {
    const std::size_t count = std::min(state.network.batch, rois.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      state.maker.fill(rois[first + i], state.region);
      put(state.region, i);
    }
    run_batch(count, scores);
  }
}

void Classifier::classify(std::span<const float> inputs, std::vector<float>& scores) {
  State& state = *state_;
  const auto size = static_cast<std::size_t>(state.network.spec.input_size());
  scores.clear();
  for (std::size_t first = 0; first < inputs.size() / size; first += state.network.batch) {
    const std::size_t count = std::min(state.network.batch, inputs.size() / size - first);
    for (std::size_t i = 0; i < count; ++i) put(inputs.subspan((first + i) * size, size), i);
    run_batch(count, scores);
  }
}

}  // namespace capillaryx
