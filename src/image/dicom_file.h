// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "image/byte_source.h"

namespace capillaryx {

/// How a DICOM file keeps its pixels.
enum class DicomCoding { kNative, kRle, kJpeg, kJpegLossless, kJpegLs };

/// Where some bytes of a file lie.
struct BytePlace {
  std::uint64_t offset = 0, size = 0;
};

/// What of a DICOM file says how its pixels are to be read, and nothing else: no text of it is kept but what is
/// compared with known words, so that nothing that names a person can reach a result.
struct DicomFile {
  DicomCoding coding = DicomCoding::kNative;
  bool big_endian = false;
  std::int64_t rows = 0, columns = 0, samples = 1, frames = 1;
  std::int64_t bits_allocated = 0, bits_stored = 0, high_bit = -1;
  bool is_signed = false;
  bool planar = false;  ///< each sample in its own plane
  enum class Colours { kUnknown, kMonochrome1, kMonochrome2, kRgb, kYbrFull, kYbrFull422, kPalette };
  Colours colours = Colours::kUnknown;
  std::array<std::array<std::int64_t, 3>, 3> palette_form{};  ///< entries, first value, bits; red, green, blue
  std::array<BytePlace, 3> palette;
  BytePlace pixels;                               ///< native
  std::vector<std::vector<BytePlace>> fragments;  ///< encapsulated: of each frame
  std::optional<double> um_per_px;
  std::optional<double> frame_time_ms;
  std::vector<double> frame_steps_ms;  ///< from each frame to the next one before it; empty if not said
};

/// Reads the header. Own code: DCMTK brings 41 MB of libraries (with ICU) and a data dictionary, which its names need
/// and its values do not. Throws ImageError: damaged, no pixels, or a coding that is not supported.
DicomFile read_dicom(const ByteSource& source);

}  // namespace capillaryx
