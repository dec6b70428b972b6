// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "capillaryx/frame.h"
#include "os/piped_child.h"
#include "source/ffmpeg_log.h"
#include "source/stop_event.h"

namespace capillaryx {

/// The program ffmpeg at work: the most hostile decoders of all in a separate process that has nothing but pipes
/// and the one file. One thread at a time.
class FfmpegRun {
 public:
  /// Descriptor of the video in ffmpeg.
  static constexpr int kVideo = 3;
  static constexpr const char* kVideoName = "file:/dev/fd/3";

  struct Limits {
    bool sandbox = true;
    bool devices = false;  ///< it opens a camera
  };

  /// Starts `ffmpeg` (its full path) with `arguments`; its frames or listing go to pipe:1. `video` may be null.
  /// Throws std::system_error, Error (kExecutor).
  FfmpegRun(const std::string& ffmpeg, const std::vector<std::string>& arguments, std::shared_ptr<const OpenFile> video,
            Limits limits, const StopEvent& stop, VideoCoding coding = {});

  /// What it writes to pipe:1, as read(2): 0 at the end, and when a stop is requested. Throws ImageError.
  std::size_t read(std::uint8_t* to, std::size_t size);
  /// Takes in more of the log, up to what ffmpeg wrote before the next bytes of its output: false if there is no more
  /// of that, and when a stop is requested.
  bool read_log_of_output();
  /// Takes in the rest of the log and waits for its end, which a stop brings about; its exit code.
  int wait();
  void kill() { child_->kill(); }

  FfmpegLog& log() { return log_; }

 private:
  bool read_log();
  bool add_to_log();

  const StopEvent* stop_;
  FfmpegLog log_;
  std::shared_ptr<OpenFile> output_;
  std::shared_ptr<OpenFile> messages_;
  bool log_ended_ = false;
  std::unique_ptr<PipedChild> child_;
};

/// The full path of ffmpeg; `needed_by` names the input. Throws Error (kInput) if it is missing or older than 4.2.
std::string find_ffmpeg(const std::string& needed_by);

/// Arguments that have changed with the versions of ffmpeg.
struct FfmpegDialect {
  std::vector<std::string> frames_as_stored;  ///< gives each frame once and no other
  std::string log_frames;                     ///< the filter whose lines FfmpegLog takes for outputs
};
FfmpegDialect dialect_of(const std::string& ffmpeg);

}  // namespace capillaryx
