// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace capillaryx {

/// A path as `FrameInfo::source`: UTF-8, where each byte that is not part of valid UTF-8 is written %XX (upper-case
/// hex). A '%' that two upper-case hex digits follow is written %25, any other stays, so that different paths stay
/// different and ordinary ones stay as they are.
std::string source_name(std::string_view path);

/// The path that has this source_name().
std::string path_of_name(std::string_view name);

/// A path as the part of `FrameInfo::source` before the page: as source_name(), and each '#' written %23.
std::string display_name(std::string_view path);

/// `path` without all but the last `count` of its parts.
std::string_view last_parts(std::string_view path, std::size_t count);

/// The order of names in a folder: runs of digits compare as numbers (f2 before f10), all else byte by byte, whatever
/// the locale. Names that are equal so compare byte by byte.
bool natural_less(std::string_view a, std::string_view b);

}  // namespace capillaryx
