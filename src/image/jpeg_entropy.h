// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace capillaryx {

/// Whether the coded data of a sequential JPEG (Huffman, 8 bits) is sound although stray bytes follow some of its
/// restart intervals: every interval holds exactly its blocks, ends in a byte filled up with ones, and no coefficient
/// is beyond what pixels of 8 bits can have. Damage that ends early leaves bytes too, but breaks one of these.
/// False for what is damaged, progressive, arithmetic, lossless, or in several scans.
bool jpeg_entropy_is_sound(std::span<const std::uint8_t> bytes);

}  // namespace capillaryx
