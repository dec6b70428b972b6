// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace capillaryx {

/// Walks the start tags of an XML text, with their attributes: all that OME's metadata needs. No entities, no
/// validation; a text that is no XML yields no or odd tags, never an error.
class XmlTags {
 public:
  explicit XmlTags(std::string_view text) : rest_(text) {}

  /// Moves on to the next start tag; false at the end.
  bool next();
  /// Its name without a namespace.
  std::string_view name() const { return name_; }
  /// An attribute's raw value; empty if there is none.
  std::string_view attribute(std::string_view name) const;
  std::optional<double> number(std::string_view name) const;
  std::optional<std::int64_t> whole(std::string_view name) const;
  /// The text up to the next tag of any kind.
  std::string_view text() const { return rest_.substr(0, rest_.find('<')); }

 private:
  std::string_view rest_, name_, attributes_;
};

}  // namespace capillaryx
