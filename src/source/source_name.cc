// SPDX-License-Identifier: Apache-2.0
#include "source/source_name.h"

#include <cstddef>

namespace capillaryx {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

// Bytes of the valid UTF-8 sequence at the start of `text`; 0 where there is none (RFC 3629: no surrogates, nothing
// longer than needed, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                             : first >= 0xe0 && first <= 0xef ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
      (first == 0xf4 && second > 0x8f)) {
    return 0;
  }
  return length;
}

bool is_hex(char c) { return kHex.find(c) != std::string_view::npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes a run of digits off the front; without its leading zeros.
std::string_view take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  std::string_view number = text.substr(0, end);
  text.remove_prefix(end);
  while (number.size() > 1 && number[0] == '0') number.remove_prefix(1);
  return number;
}

}  // namespace

std::string source_name(std::string_view path) {
  std::string name;
  name.reserve(path.size());
  for (std::size_t i = 0; i < path.size();) {
    const std::size_t length = utf8_length(path.substr(i));
    const bool like_escape = path[i] == '%' && i + 2 < path.size() && is_hex(path[i + 1]) && is_hex(path[i + 2]);
    if (length == 0 || like_escape) {
      const auto byte = static_cast<unsigned char>(path[i]);
      name += '%';
      name += kHex[byte >> 4U];
      name += kHex[byte & 15U];
      ++i;
    } else {
      name += path.substr(i, length);
      i += length;
    }
  }
  return name;
}

std::string display_name(std::string_view path) {
  std::string name;
  for (const char c : source_name(path)) {
    if (c == '#') {
      name += "%23";
    } else {
      name += c;
    }
  }
  return name;
}

std::string_view last_parts(std::string_view path, std::size_t count) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  std::size_t start = path.size();
  for (std::size_t i = 0; i < count && start != 0; ++i) {
    const std::size_t slash = path.rfind('/', start - 1);
    start = slash == std::string_view::npos ? 0 : slash;
  }
  path.remove_prefix(start);
  if (count > 0 && path.size() > 1 && path.front() == '/') path.remove_prefix(1);
  return path;
}

std::string path_of_name(std::string_view name) {
  std::string path;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%' && i + 2 < name.size() && is_hex(name[i + 1]) && is_hex(name[i + 2])) {
      path += static_cast<char>(kHex.find(name[i + 1]) * 16 + kHex.find(name[i + 2]));
      i += 2;
    } else {
      path += name[i];
    }
  }
  return path;
}

bool natural_less(std::string_view a, std::string_view b) {
  std::string_view x = a;
  std::string_view y = b;
  while (!x.empty() && !y.empty()) {
    if (is_digit(x[0]) && is_digit(y[0])) {
      const std::string_view m = take_number(x);
      const std::string_view n = take_number(y);
      if (m.size() != n.size()) return m.size() < n.size();
      if (m != n) return m < n;
    } else if (x[0] != y[0]) {
      return static_cast<unsigned char>(x[0]) < static_cast<unsigned char>(y[0]);
    } else {
      x.remove_prefix(1);
      y.remove_prefix(1);
    }
  }
  if (x.empty() != y.empty()) return x.empty();
  return a < b;
}

}  // namespace capillaryx
