// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace capillaryx {

/// The file formats that a network may have.
enum class NetworkFormat { kOnnx, kTflite, kIr, kSavedModel };

/// In words, for people.
const char* format_name(NetworkFormat format);

/// By what the path is: a folder with saved_model.pb, or the extension of a regular file. Throws Error (kModel).
NetworkFormat network_format(const std::filesystem::path& file);

/// Reads a file of at most `limit` bytes. Throws Error (kModel).
std::string read_network_file(const std::filesystem::path& file, std::uintmax_t limit);

/// SHA-256 over all files that make the network what it is. One file: that of its bytes. More than one: that of their
/// SHA-256 (hex), each followed by a line end, in this order: the file; the weights that it keeps elsewhere (ONNX:
/// external data by name; OpenVINO IR: the .bin); of a SavedModel folder every file in it by path; `notes`, if not
/// empty. Two networks have the same hash only if all of their bytes are the same.
/// External data must lie in the network's folder or below it. Throws Error (kModel), also if a file cannot be read.
std::string network_hash(const std::filesystem::path& file, NetworkFormat format, const std::string& notes);

}  // namespace capillaryx
