// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "capillaryx/frame.h"
#include "phantom/clip.h"
#include "phantom/phantom.h"

namespace capillaryx::cli {

/// Settings of `capillaryx phantom`.
struct PhantomCommand {
  PhantomOptions drawing;
  PhantomClipOptions clip;
  bool clips = false;
  int count = 1;
  std::int64_t first = 0;
  std::string folder;
  std::string format;  ///< empty: png; y4m for clips
  int threads = 0;
  bool force = false;
  bool quiet = false;
};

/// "png", "jpg" or "ppm".
std::vector<std::uint8_t> encode_picture(const std::string& format, const PixelView& pixels);

/// Throws Error (kOutput).
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
void write_file(const std::filesystem::path& path, const std::string& text);

/// Calls `draw(i)` for 0 .. count - 1 on `threads` threads (0: one per core), and `done(i)` in order, one at a time.
/// The first exception ends it and is thrown.
void for_each_in_order(int count, int threads, const std::function<void(int)>& draw,
                       const std::function<void(int)>& done);

/// Draws the clips of `capillaryx phantom --clip`.
void write_clips(const PhantomCommand& command);

}  // namespace capillaryx::cli
