// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace capillaryx {

/// SHA-256 of a regular file, hex; nothing if it cannot be read.
std::optional<std::string> file_hash(const std::filesystem::path& path);

}  // namespace capillaryx
