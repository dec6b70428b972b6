// SPDX-License-Identifier: Apache-2.0
// Values of more than 8 bits become 8: which of them are 0 and 255 is one rule for all formats.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace capillaryx {

enum class NumberKind { kUnsigned, kSigned, kFloat };

/// What is known of the values of a picture or of several pictures of one file. A plain value.
struct ValueFacts {
  NumberKind kind = NumberKind::kUnsigned;
  int bits = 0;  ///< that each is stored in; 0: none was seen
  /// The range that the file states, and where. Absent if it states none.
  std::optional<std::array<double, 2>> stated;
  std::string stated_by;
  /// The stated range is what a person or a program chose to show, so that values outside of it are no contradiction.
  bool display = false;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();

  bool seen() const { return bits != 0; }
  /// Adds what another picture of the file showed.
  void add(const ValueFacts& other);
};

/// Widens `facts` by `count` values. Throws ImageError for values that are no numbers.
void add_values(const std::uint16_t* values, std::size_t count, ValueFacts& facts);
void add_values(const float* values, std::size_t count, ValueFacts& facts);

/// The values that become 0 and 255: what the file states if its values agree, else the smallest of the usual ranges
/// that holds them. `reason` says which, for a note.
std::array<double, 2> choose_range(const ValueFacts& facts, std::string& reason);

/// round((value - low) x 255 / (high - low)), held to 0..255; `invert` swaps 0 and 255. Returns how many were outside.
std::size_t to_8_bits(const std::uint16_t* values, std::size_t count, const std::array<double, 2>& range, bool invert,
                      std::uint8_t* out);
std::size_t to_8_bits(const float* values, std::size_t count, const std::array<double, 2>& range, bool invert,
                      std::uint8_t* out);

}  // namespace capillaryx
