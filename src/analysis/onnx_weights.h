// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace capillaryx {

/// The files that an ONNX network keeps weights in (`external_data` of its tensors), as written in it; sorted, each
/// once. `bytes` is the whole file. It is read as protobuf, but only as far as tensors can stand: in graphs, in graphs
/// and tensors of attributes, in functions. Throws std::runtime_error if the bytes are no protobuf that ends where it
/// should, or nest deeper than protobuf allows. Threads: any.
std::vector<std::string> onnx_weight_files(std::string_view bytes);

}  // namespace capillaryx
