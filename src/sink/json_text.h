// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace capillaryx {

/// Length in bytes (1 to 4) of the UTF-8 character at `text[at]`, its code point in `code`; 0 where the bytes are none
/// (overlong forms, surrogates and what lies beyond U+10FFFF included).
std::size_t utf8_character(std::string_view text, std::size_t at, char32_t& code);

/// `text` with every byte that is not UTF-8 written as %XX.
std::string clean_utf8(std::string_view text);

/// Appends `text` as a JSON string on one line, cleaned as above.
void append_json_string(std::string& out, std::string_view text);

/// Appends the shortest text that reads back as the same number, whatever the locale; `null` where it is not finite,
/// and 0 for a negative zero.
void append_json_number(std::string& out, double value);
void append_json_number(std::string& out, float value);
void append_json_number(std::string& out, std::int64_t value);

/// Appends the numbers so, a comma between them.
void append_json_numbers(std::string& out, std::span<const float> values);

}  // namespace capillaryx
