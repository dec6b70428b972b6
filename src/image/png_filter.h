// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace capillaryx {

/// Undoes the filter of one row of a PNG (PNG specification, clause 9): reads `filtered`, writes `row`, both `size`
/// bytes of pixels of `pixel_bytes` (1 to 4) bytes. `above` is the finished row above, null for the first row.
/// `row` may begin any number of bytes before `filtered` and reach into it: what is written then never passes what is
/// read. It may be `filtered` where a pixel has 2 or 4 bytes.
/// Returns false on a filter type that does not exist.
bool unfilter_png_row(int type, const std::uint8_t* filtered, const std::uint8_t* above, std::uint8_t* row,
                      std::size_t size, int pixel_bytes);

}  // namespace capillaryx
