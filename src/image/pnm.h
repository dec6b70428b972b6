// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace capillaryx {

/// The header of a PNM picture (netpbm's P1 to P6).
struct PnmHeader {
  int kind = 0;  ///< 1 to 6
  std::int64_t width = 0;
  std::int64_t height = 0;
  int max_value = 1;  ///< 1..65535

  int channels() const { return kind == 3 || kind == 6 ? 3 : 1; }
  bool text() const { return kind <= 3; }
  /// Of a binary picture (P4, P5, P6): bytes of one row.
  std::int64_t row_bytes() const {
    if (kind == 4) return (width + 7) / 8;
    return width * channels() * (max_value > 255 ? 2 : 1);
  }
};

/// Gives the next byte, or -1 at the end.
using NextByte = std::function<int()>;

/// Reads a header up to the one white space that ends it. Width and height are below 10^9 and may be 0.
/// Throws ImageError.
PnmHeader read_pnm_header(const NextByte& next);

/// One row of a binary picture, scaled to 8 bits from its full range: width x channels() bytes.
/// Throws ImageError where a value is above the header's largest.
void convert_pnm_row(const PnmHeader& header, const std::uint8_t* raw, std::uint8_t* row);

}  // namespace capillaryx
