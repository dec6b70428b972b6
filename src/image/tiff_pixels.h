// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "image/byte_source.h"
#include "image/decoders.h"

namespace capillaryx {

/// One plane of a TIFF: the pixels of a directory, or raw ones in the form of a directory that lie elsewhere.
struct TiffPlane {
  std::uint64_t directory = 0;            ///< of the file: where it begins
  std::optional<std::uint64_t> raw_data;  ///< uncompressed rows without gaps
};

/// How the planes of a file are to be read.
struct TiffReading {
  bool big_endian = false;  ///< of raw data
  double value_offset = 0;  ///< added to each value of more than 8 bits
  ValueFacts known;         ///< the range that the file states
};

/// Decodes one picture: one plane as it is, or two or three grey planes that are red, green and blue.
/// Throws ImageError.
void decode_tiff_planes(const ByteSource& source, std::span<const TiffPlane> planes, const TiffReading& reading,
                        Decoding& decoding);

}  // namespace capillaryx
