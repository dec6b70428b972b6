// SPDX-License-Identifier: Apache-2.0
#include "sink/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>

namespace capillaryx {
namespace {

constexpr std::size_t kLongestEighths = 8;  // 8191.875

/// Writes a number of whole eighths, 0 to below 8192, and gives where it ends; null for any other. Outlines lie on
/// eighths of a pixel and are nearly all of a frame's line. In this range no shorter text reads back as the same float.
char* write_eighths(char* at, float value) {
  const float eighths = value * 8;
  if (!(value >= 0 && value < 8192) || eighths != std::trunc(eighths)) return nullptr;
  const auto count = static_cast<std::uint32_t>(eighths);
  at = std::to_chars(at, at + 4, count / 8).ptr;
  static constexpr std::array<std::string_view, 8> kFraction{"", ".125", ".25", ".375", ".5", ".625", ".75", ".875"};
  const std::string_view fraction = kFraction[count % 8];
  return std::copy(fraction.begin(), fraction.end(), at);
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
    fmt::format_to(std::back_inserter(out), "{}", value == 0 ? 0 : value);
  } else {
    out += "null";
  }
}

void append_json_number(std::string& out, float value) {
  char text[kLongestEighths];
  if (char* end = write_eighths(text, value)) {
    out.append(text, static_cast<std::size_t>(end - text));
  } else if (std::isfinite(value)) {
    fmt::format_to(std::back_inserter(out), "{}", value);
  } else {
    out += "null";
  }
}

void append_json_numbers(std::string& out, std::span<const float> values) {
  for (std::size_t i = 0; i < values.size();) {
    if (i > 0) out += ',';
    // As many eighths as there are in a row, straight into place.
    const std::size_t begin = out.size();
    out.resize(begin + (values.size() - i) * (kLongestEighths + 1));
    char* end = out.data() + begin;
    for (char* next = end; i < values.size() && (next = write_eighths(next, values[i])) != nullptr; ++i) {
      end = next;
      *next++ = ',';
    }
    const bool any = end != out.data() + begin;
    out.resize(static_cast<std::size_t>(end - out.data()));
    if (i == values.size()) return;
    if (any) out += ',';
    append_json_number(out, values[i++]);
  }
}

void append_json_number(std::string& out, std::int64_t value) { fmt::format_to(std::back_inserter(out), "{}", value); }

}  // namespace capillaryx
