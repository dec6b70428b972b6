// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace capillaryx {

/// Decodes a lossless JPEG (ISO 10918-1 process 14, Huffman, 2 to 16 bits, 1 or 3 components without subsampling), as
/// DICOM holds it; libjpeg 6b's interface does not. `allocate(width, height, components)` gives memory for the values,
/// interleaved, once the size is known. Throws ImageError.
void decode_jpeg_lossless(std::span<const std::uint8_t> bytes,
                          const std::function<std::uint16_t*(std::int64_t, std::int64_t, int)>& allocate);

}  // namespace capillaryx
