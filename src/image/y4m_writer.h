// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capillaryx/frame.h"

namespace capillaryx {

/// The first line of a YUV4MPEG2 stream of colour frames (4:4:4, full range), with its line feed.
std::string y4m_header(int width, int height, double frames_per_s);

/// Appends a frame of 8-bit RGB, ITU-R BT.601: what convert_y4m_frame reads back within 2 grey values.
void append_y4m_frame(const PixelView& rgb, std::vector<std::uint8_t>& out);

}  // namespace capillaryx
