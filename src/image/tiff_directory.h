// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "image/byte_source.h"

namespace capillaryx {

/// What one directory (one page) of a TIFF says of itself. Own code: libtiff reads the pixels, but walking thousands of
/// directories through it takes a time that grows with their square.
struct TiffDirectory {
  std::uint64_t offset = 0;  ///< where it begins
  std::uint64_t width = 0, height = 0;
  std::uint64_t bits = 1;
  std::uint64_t samples = 1;
  std::uint64_t sample_format = 1;
  std::uint64_t photometric = 1;
  std::uint64_t compression = 1;
  std::uint64_t orientation = 1;
  bool reduced = false;  ///< says that it is a smaller copy of another page
  bool mask = false;     ///< says that it is a transparency mask
  std::uint64_t sub_directories = 0;
  std::uint64_t metamorph_planes = 0;  ///< planes of a MetaMorph stack (STK); 0 if it is none
  std::uint64_t first_strip = 0;
  std::uint64_t data_bytes = 0;  ///< of all strips; first page only
  bool strips_adjoin = true;     ///< each begins where the one before ends; first page only
  std::optional<double> min_value, max_value;
  std::optional<double> x_per_unit, y_per_unit;  ///< pixels
  std::uint64_t unit = 2;                        ///< 1 none, 2 inch, 3 cm
  std::string description;                       ///< first page only
};

struct TiffDirectories {
  bool big_endian = false;
  std::vector<TiffDirectory> pages;
};

/// All directories of the main chain, in its order. Throws ImageError for what is no TIFF, a chain that runs in a
/// circle, or more than a million pages. A chain that breaks off after the first directory is an error too.
TiffDirectories read_tiff_directories(const ByteSource& source);

/// The orientation that a TIFF or an EXIF block states: 1 (upright) if it states none or cannot be read.
int tiff_orientation(const ByteSource& source) noexcept;

}  // namespace capillaryx
