// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capillaryx/frame_source.h"
#include "source/folder.h"
#include "source/stop_event.h"

namespace capillaryx {

/// One of the inputs that a source joins. One thread at a time.
class Input {
 public:
  virtual ~Input() = default;

  /// See FrameSource::use_prober.
  virtual void use_prober(std::shared_ptr<Prober> /*prober*/) {}

  /// Work that is done before the first frame is due (paced playback). May be left out.
  virtual void prepare() {}

  /// The next frame, or nothing at the end or after a stop. `info` comes with its index, and with `captured` where the
  /// run is paced; the input fills in the rest.
  virtual std::optional<Frame> next(FrameInfo info) = 0;

  /// Passes over up to `count` frames; returns how many there were.
  virtual std::int64_t skip(std::int64_t count) = 0;

  /// Frames of one time through, where known.
  virtual std::optional<std::int64_t> frame_count() const { return std::nullopt; }

  /// Back to the first frame. Only where repeatable().
  virtual void rewind() {}
  virtual bool repeatable() const { return true; }

  /// Sets the pace itself, and `captured`: a camera.
  virtual bool live() const { return false; }
};

/// An input whose frames come one after another, so that passing over one means reading it.
class SequentialInput : public Input {
 public:
  std::optional<Frame> next(FrameInfo info) override { return advance(std::move(info), false); }

  std::int64_t skip(std::int64_t count) override {
    std::int64_t skipped = 0;
    while (skipped < count && advance({}, true)) ++skipped;
    return skipped;
  }

 private:
  /// As next(). With `pass_over` the frame needs no pixels.
  virtual std::optional<Frame> advance(FrameInfo info, bool pass_over) = 0;
};

/// Names a frame that is page `page` of the file that `input` describes; `source` is the file's display name.
void name_page(FrameInfo& info, const std::string& source, std::int64_t page, std::shared_ptr<const InputInfo> input);

/// What is known of a video, a camera or standard input before it is opened.
std::shared_ptr<const InputInfo> unprobed_input(std::string file, FileKind kind);

/// Opens a regular file for reading, without waiting for pipes; null and `reason` where it cannot be had. Throws Error
/// (kInput) where the process has no descriptor left.
std::shared_ptr<const OpenFile> open_regular_file(const std::string& path, std::string& reason);

/// SHA-256 of the whole file, hex; empty if it cannot be read, and when a stop is requested.
std::string sha256_of(const OpenFile& file, const StopEvent& stop);

/// Picture files. Each is opened when its turn comes; with a prober a few files ahead of it, and those that may hold
/// several pictures are probed. Pages 0, `every`, ... of a file with several are frames; a file that cannot be probed
/// is one frame that is unreadable.
std::unique_ptr<Input> make_files_input(std::vector<ListedFile> files, std::int64_t every, const StopEvent& stop);

/// One frame that could not be had, for a file that nothing can read.
std::unique_ptr<Input> make_unreadable_input(const ListedFile& file, std::string reason);

/// `phantom:N`.
std::unique_ptr<Input> make_phantom_input(std::int64_t count);

/// Standard input (`descriptor` 0, not closed), frames `stdin#0`, `stdin#1`, ...
/// Throws Error (kInput) from next() where it holds no frame at all.
std::unique_ptr<Input> make_stdin_input(std::int64_t max_pixels, const StopEvent& stop, int descriptor = 0);

/// A video through the program ffmpeg, which is sandboxed where `options.sandbox` says so; `every` and `max_pixels`
/// are taken from there too. Its frames are pages 0, `every`, ... of the file. A frame that is damaged is unreadable,
/// as are those predicted from it; a truncated file gives one more unreadable frame after its last. Throws Error
/// (kInput) if ffmpeg is missing or too old.
std::unique_ptr<Input> make_video_input(const ListedFile& file, const Options& options, const StopEvent& stop);

/// A video in YUV4MPEG2 by our own reader; as above.
std::unique_ptr<Input> make_y4m_input(const ListedFile& file, std::int64_t every, std::int64_t max_pixels,
                                      const StopEvent& stop);

/// `camera:N`, /dev/videoN through ffmpeg. Throws Error (kInput) where it or ffmpeg is missing.
std::unique_ptr<Input> make_camera_input(int number, const Options& options, const StopEvent& stop);

/// The frames of `input` as pixels, for paced playback: prepare() decodes up to `max_frames` (0: all) of them into at
/// most `memory_bytes`; what lies beyond is decoded when its turn comes.
std::unique_ptr<Input> make_loaded_input(std::unique_ptr<Input> input, std::int64_t max_frames,
                                         std::int64_t memory_bytes, std::int64_t max_pixels, const StopEvent& stop);

}  // namespace capillaryx
