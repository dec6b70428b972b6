// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <openvino/openvino.hpp>
#include <span>
#include <string>

#include "analysis/network_spec.h"
#include "capillaryx/options.h"

namespace capillaryx {

/// A network as it was read, ready to be compiled: its batch is `batch` regions.
struct Network {
  ModelIdentity identity;
  NetworkSpec spec;
  std::size_t batch = 0;
  /// What of the input reaches the output, from its upper left corner: a pooling that does not come out even leaves the
  /// last rows and columns unread, and then those before it need not be worked out. The model takes this size.
  int used_width = 0, used_height = 0;
  std::shared_ptr<ov::Model> model;  ///< one f32 input, one f32 output
  std::string format;                ///< in words, for people
  std::string notes_from;            ///< where its notes were found; empty without
  std::string about;                 ///< what its notes tell people
};

/// A network as its file has it, before anything is asked of its input and output.
struct NetworkFile {
  std::string name;  ///< for messages
  ModelIdentity identity;
  std::shared_ptr<ov::Model> model;
  std::string format;      ///< in words, for people
  std::string notes;       ///< JSON; empty without
  std::string notes_from;  ///< where the notes were found; empty without
};

/// Reads the file of a network, and its notes from the JSON beside it or else from its ONNX metadata. Formats, hash and
/// errors as read_network().
NetworkFile load_network(const std::string& file);

/// Throws Error (kModel) if a tensor is of another type than f32 or f16. `what` is "input" or "output".
void check_network_type(const std::string& name, const char* what, const ov::element::Type& type);

/// Compiled for one thread of this processor. Throws Error (kModel) if it has no instructions for the precision, and
/// what OpenVINO throws.
ov::CompiledModel compile_network(ov::Core& core, const std::shared_ptr<ov::Model>& model,
                                  InferencePrecision precision);

/// The sides of a tensor as the file has them.
TensorShape tensor_shape(const ov::PartialShape& partial);

/// The bytes of models/capillary.onnx, which the program carries inside.
std::span<const std::byte> shipped_network();

/// What the shipped network is, without reading it (30 ms) and without hashing it: the build knows.
ModelIdentity shipped_identity();

/// Reads a network: ONNX, TFLite, OpenVINO IR (.xml with its .bin) or a TensorFlow SavedModel folder; an empty `file`
/// is the shipped one. The identity's hash covers all files of the network (network_hash()). A batch that the file
/// leaves open becomes `wanted_batch`. Throws Error (kModel) that says what was found and what is expected.
Network read_network(const std::string& file, std::size_t wanted_batch);

/// The part of an OpenVINO message that says something to a person.
std::string openvino_reason(const std::exception& error);

}  // namespace capillaryx
