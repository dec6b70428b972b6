// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capillaryx/frame.h"
#include "source/ffmpeg_log.h"

namespace capillaryx {

/// What a video file holds, from its coded frames as ffmpeg's muxer framecrc lists them (`-c copy`: nothing is
/// decoded). What is read is not trusted. One thread at a time.
class VideoListing {
 public:
  /// Takes what the muxer wrote, in any pieces.
  void add(std::string_view bytes);
  /// After the last add().
  void finish();

  std::int64_t coded_frames() const { return frames_; }
  VideoCoding coding() const { return {all_key_, reorder_}; }
  int width() const { return width_; }    ///< px; 0 if unknown
  int height() const { return height_; }  ///< px
  /// The mean rate; absent for fewer than two frames, and if a frame has no time.
  std::optional<double> fps() const;
  std::optional<double> time_s(std::int64_t page) const;
  /// Width of a pixel over its height, if both are known and differ: "16/15".
  const std::string& pixel_shape() const { return pixel_shape_; }

 private:
  void add_line(std::string_view line);

  std::string line_;
  std::int64_t frames_ = 0;
  std::vector<std::int64_t> pts_;  // in the order of decoding, then of showing
  bool timed_ = true;              // each frame has a time
  bool all_key_ = true;
  int reorder_ = 0;
  int width_ = 0;
  int height_ = 0;
  double time_base_s_ = 0;
  std::string pixel_shape_;
};

/// What the video's container says about how much there should be, against what there is: an AVI whose chunk is longer
/// than the file, a count of frames in the header that is not met. Empty if nothing is amiss.
struct ContainerCheck {
  std::string missing;  ///< bytes are missing: the file is truncated
  std::string note;     ///< the counts differ
};
ContainerCheck check_container(const OpenFile& file, std::int64_t coded_frames);

/// Notes on the video stream for InputInfo: interlaced, pixels that are not square, rotation.
std::vector<std::string> video_notes(const VideoListing& listing, const FfmpegLog& log);

/// Whether the stream's pixels are grey values of the full range.
bool is_full_range_grey(std::string_view stream_line);

}  // namespace capillaryx
