// SPDX-License-Identifier: Apache-2.0
#include "image/ome_xml.h"

#include <charconv>
#include <cmath>
#include <cstdint>

namespace capillaryx {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const auto done = std::from_chars(text.data(), text.data() + text.size(), number);
  if (done.ec != std::errc() || done.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

bool XmlTags::next() {
  for (;;) {
    const std::size_t open = rest_.find('<');
    if (open == std::string_view::npos) return false;
    rest_.remove_prefix(open + 1);
    if (rest_.starts_with("!--")) {
      const std::size_t end = rest_.find("-->");
      if (end == std::string_view::npos) return false;
      rest_.remove_prefix(end + 3);
      continue;
    }
    // A '>' inside of an attribute's quotes ends nothing.
    std::size_t end = 0;
    char quote = 0;
    while (end < rest_.size() && (quote != 0 || rest_[end] != '>')) {
      if (quote != 0) {
        if (rest_[end] == quote) quote = 0;
      } else if (rest_[end] == '"' || rest_[end] == '\'') {
        quote = rest_[end];
      }
      ++end;
    }
    if (end == rest_.size()) return false;
    const std::string_view tag = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (tag.empty() || tag[0] == '/' || tag[0] == '?' || tag[0] == '!') continue;
    const std::size_t name_end = std::min(tag.find_first_of(" \t\r\n/"), tag.size());
    name_ = tag.substr(0, name_end);
    attributes_ = tag.substr(name_end);
    if (const std::size_t colon = name_.find(':'); colon != std::string_view::npos) name_.remove_prefix(colon + 1);
    return true;
  }
}

std::string_view XmlTags::attribute(std::string_view wanted) const {
  std::string_view rest = attributes_;
  for (;;) {
    const std::size_t start = rest.find_first_not_of(kSpace);
    if (start == std::string_view::npos) return {};
    rest.remove_prefix(start);
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return {};
    const std::string_view name = rest.substr(0, rest.find_first_of(" \t\r\n="));
    rest.remove_prefix(equals + 1);
    const std::size_t open = rest.find_first_of("\"'");
    if (open == std::string_view::npos) return {};
    const std::size_t close = rest.find(rest[open], open + 1);
    if (close == std::string_view::npos) return {};
    if (name == wanted) return rest.substr(open + 1, close - open - 1);
    rest.remove_prefix(close + 1);
  }
}

std::optional<double> XmlTags::number(std::string_view name) const {
  const auto value = parse<double>(attribute(name));
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<std::int64_t> XmlTags::whole(std::string_view name) const { return parse<std::int64_t>(attribute(name)); }

}  // namespace capillaryx
