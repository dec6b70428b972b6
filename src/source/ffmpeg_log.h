// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace capillaryx {

/// What decides which frames a message of the decoder spoils.
struct VideoCoding {
  bool all_key = true;  ///< no frame is predicted from another
  int reorder = 0;      ///< most frames that the decoder holds back because they are shown later
};

/// What ffmpeg writes to standard error with `-loglevel level+info -debug_ts` and the filter of its dialect: which
/// frames were decoded, in the order of the video, and its messages. A message spoils the frame that was being decoded;
/// in a video with predicted frames it spoils all frames up to the next key frame. Lines of the decoder come in one
/// order in every version of ffmpeg (4.2 to 7 were tried), so that the result is the same on each run. One thread at a
/// time.
class FfmpegLog {
 public:
  /// A frame of the video, whether or not it could be decoded.
  struct Page {
    std::int64_t number = 0;              ///< in the video, from 0
    std::optional<std::int64_t> decoded;  ///< how many were decoded before it; absent if it was not decoded
    std::optional<std::int64_t> pts;
    std::optional<double> time_s;
    std::string failure;  ///< why it is spoilt; empty if it is not
    bool again = false;   ///< the decoder gave what it could of a frame that was reported already
  };
  /// A frame that ffmpeg sent to its output.
  struct Output {
    std::optional<std::int64_t> pts;
    std::array<int, 2> size{};  ///< px, before it was scaled to the size of the first frame; 0 if it was not
  };

  explicit FfmpegLog(VideoCoding coding = {}) : coding_(coding) {}

  void add(std::string_view bytes);

  /// The oldest page or output that was not taken yet.
  std::optional<Page> take_page();
  std::optional<Output> take_output();
  std::int64_t pages() const { return pages_; }

  /// Messages of the decoder after the last frame.
  const std::string& unplaced() const { return pending_; }
  /// Messages on the file rather than on a frame, in one line; known once the file was opened.
  std::string file_messages() const;
  /// All messages in one line.
  std::string all_messages() const;
  /// Whether the file could be opened as a video or sound.
  bool opened() const { return !format_.empty(); }
  /// The line that describes the first video stream; empty if there was none.
  const std::string& stream_line() const { return stream_line_; }
  /// Degrees by which the file asks to be turned; 0 if it does not.
  double rotation() const { return rotation_; }

 private:
  void add_line(std::string_view line);
  void add_message(std::string_view contexts, std::string_view text);
  void add_info(std::string_view contexts, std::string_view text);
  bool is_about_file(std::string_view contexts) const;

  struct Message {
    std::string contexts;
    std::string text;
  };

  VideoCoding coding_;
  std::string line_;  // without its end yet
  std::string pending_;
  std::vector<Message> messages_;
  std::string format_;   // the demuxer's name
  bool mapped_ = false;  // the streams are chosen: decoding begins
  std::string stream_line_;
  double rotation_ = 0;
  std::array<int, 2> changed_size_{};  // of the frames from here on
  std::deque<Page> queue_;
  std::deque<Output> outputs_;
  std::int64_t pages_ = 0;
  std::int64_t decoded_ = 0;
  bool last_rejected_ = false;
  bool timed_ = false;               // frames have times
  bool spoilt_ = false;              // up to the next key frame ...
  std::int64_t spoilt_through_ = 0;  // ... after this page
};

}  // namespace capillaryx
