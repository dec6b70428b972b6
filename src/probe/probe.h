// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "capillaryx/frame.h"

namespace capillaryx {

/// Whether a file that begins so may hold several pictures, so that it has to be probed before its frames are known.
/// A look at the format's magic numbers, no parsing: false positives cost one probe. 132 bytes are enough (DICOM says
/// what it is at byte 128).
bool may_hold_several(std::span<const std::uint8_t> first_bytes);

/// Finds out what one input file is: pages, times, value range, scale, size. Reads `file` with pread only, so that it
/// works in a sandboxed worker; parses hostile bytes. `max_pixels`: larger pictures are refused.
/// Throws ImageError for a file that is damaged, empty or no picture.
InputInfo probe_file(const OpenFile& file, std::int64_t max_pixels);

}  // namespace capillaryx
