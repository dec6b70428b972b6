// SPDX-License-Identifier: Apache-2.0
#include "sink/json_text.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace capillaryx {
namespace {

constexpr std::size_t kLongestEighths = 8;  // 8191.875

/// Four characters as they lie in memory, the first in the lowest byte.
void write_characters(char* at, std::uint32_t characters) {
  if constexpr (std::endian::native == std::endian::big) characters = __builtin_bswap32(characters);
  std::memcpy(at, &characters, sizeof(characters));
}

constexpr std::uint32_t characters(std::string_view text) {
  std::uint32_t packed = 0;
  for (std::size_t i = 0; i < text.size(); ++i) packed |= std::uint32_t{static_cast<unsigned char>(text[i])} << (8 * i);
  return packed;
}

/// Writes a number of whole eighths, 0 to below 8192, and gives where it ends; null for any other. Outlines lie on
/// eighths of a pixel and are nearly all of a frame's line: no branch depends on their digits. In this range no shorter
/// text reads back as the same float. Writes up to kLongestEighths characters whatever their number.
char* write_eighths(char* at, float value) {
  const float eighths = value * 8;
  if (!(value >= 0 && value < 8192)) return nullptr;
  const auto count = static_cast<std::uint32_t>(eighths);
  if (eighths != static_cast<float>(count)) return nullptr;
  const std::uint32_t whole = count / 8;
  const std::uint32_t digits =
      0x30303030 + whole / 1000 + (whole / 100 % 10 << 8) + (whole / 10 % 10 << 16) + (whole % 10 << 24);
  const int zeros = static_cast<int>(whole < 10) + static_cast<int>(whole < 100) + static_cast<int>(whole < 1000);
  write_characters(at, digits >> (8 * zeros));
  at += 4 - zeros;
  static constexpr std::array<std::uint32_t, 8> kFraction{characters(""),     characters(".125"), characters(".25"),
                                                          characters(".375"), characters(".5"),   characters(".625"),
                                                          characters(".75"),  characters(".875")};
  static constexpr std::array<std::uint8_t, 8> kLength{0, 4, 3, 4, 2, 4, 3, 4};
  write_characters(at, kFraction[count % 8]);
  return at + kLength[count % 8];
}

/// Appends what `write` writes into the memory that it is given, which is large enough for any number.
template <class Write>
void append_written(std::string& out, Write write) {
  char text[64];
  const char* const end = write(text);
  out.append(text, static_cast<std::size_t>(end - text));
}

}  // namespace

std::size_t utf8_character(std::string_view text, std::size_t at, char32_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) {
    code = first;
    return 1;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return 0;
  char32_t value = first & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
    value = (value << 6) | (byte(at + i) & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 0;
  code = value;
  return length;
}

std::string clean_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    char32_t code = 0;
    const std::size_t length = utf8_character(text, i, code);
    if (length == 0) {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(text[i]));
      ++i;
    } else {
      out.append(text.substr(i, length));
      i += length;
    }
  }
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    char32_t code = 0;
    const std::size_t length = utf8_character(text, i, code);
    if (length == 0) {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
      ++i;
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (code < 0x20 || code == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(code));
    } else {
      out.append(text.substr(i, length));
    }
    i += length;
  }
  out += '"';
}

void append_json_number(std::string& out, double value) {
  if (std::isfinite(value)) {
    append_written(out,
                   [value](char* text) { return fmt::format_to(text, FMT_COMPILE("{}"), value == 0 ? 0 : value); });
  } else {
    out += "null";
  }
}

void append_json_number(std::string& out, float value) {
  char text[2 * kLongestEighths];
  if (char* end = write_eighths(text, value)) {
    out.append(text, static_cast<std::size_t>(end - text));
  } else if (std::isfinite(value)) {
    append_written(out, [value](char* place) { return fmt::format_to(place, FMT_COMPILE("{}"), value); });
  } else {
    out += "null";
  }
}

void append_json_numbers(std::string& out, std::span<const float> values) {
  constexpr std::size_t kAtOnce = 128;
  char text[(kAtOnce + 1) * (kLongestEighths + 1)];
  for (std::size_t i = 0; i < values.size();) {
    // As many eighths as there are in a row.
    char* at = text;
    const std::size_t most = std::min(values.size(), i + kAtOnce);
    for (char* next = nullptr; i < most && (next = write_eighths(at, values[i])) != nullptr; ++i) {
      at = next;
      *at++ = ',';
    }
    out.append(text, static_cast<std::size_t>(at - text));
    if (i == most) continue;
    append_json_number(out, values[i++]);
    out += ',';
  }
  if (!values.empty()) out.pop_back();
}

void append_json_number(std::string& out, std::int64_t value) {
  append_written(out, [value](char* text) { return std::to_chars(text, text + 24, value).ptr; });
}

}  // namespace capillaryx
