// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace capillaryx {

/// A look at 8-bit pixels that somebody else owns: `height` rows of `width` pixels of `channels` bytes each,
/// rows `stride_bytes` apart. One channel is grey, three are red, green, blue.
struct PixelView {
  const std::uint8_t* data = nullptr;
  int width = 0;     ///< px
  int height = 0;    ///< px
  int channels = 0;  ///< 1 or 3
  std::ptrdiff_t stride_bytes = 0;

  const std::uint8_t* row(int y) const { return data + y * stride_bytes; }
  bool empty() const { return data == nullptr; }
};

/// An open file, closed when the last holder goes. Frames that come from files carry one.
class OpenFile {
 public:
  /// Takes over `descriptor`; must be >= 0.
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Kinds of input file, as the `input` line of results.jsonl names them.
enum class FileKind {
  kImage,  ///< one picture
  kStack,  ///< a file with several pictures: TIFF, OME-TIFF, ImageJ stack, DICOM, animated PNG or WebP
  kVideo,
  kLive,  ///< a camera or standard input
};

/// Facts about one input file, found before its first frame and used by each of its frames. A plain value.
struct InputInfo {
  std::string file;    ///< UTF-8; as results name it
  std::string sha256;  ///< of the whole file, hex; empty if it was not hashed (live)
  FileKind kind = FileKind::kImage;
  std::optional<std::int64_t> pages;  ///< frames in the file; absent if unknown beforehand
  std::optional<double> fps;
  int width = 0;   ///< px; 0 if unknown beforehand
  int height = 0;  ///< px
  /// Grey values (or channel values) that become 0 and 255; absent for 8-bit files.
  std::optional<std::array<double, 2>> value_range;
  std::optional<double> scale_um_per_px;  ///< from the file itself
  std::string scale_from;                 ///< "tiff:ome", "tiff:imagej", "tiff:cm", "dicom"; empty without a scale
  std::optional<double> magnification;    ///< measured; absent until it is
  std::vector<double> page_times_s;       ///< time of each page; empty without a time axis
  std::vector<std::string> notes;         ///< what a reader of the results must know, in words
};

/// Where a frame comes from.
struct FrameInfo {
  std::int64_t index = 0;  ///< place in the run's order, from 0
  std::string source;      ///< UTF-8; path relative to the folder given, or the file as given; `clip.avi#12` of a video
  std::optional<double> time_s;        ///< place in the video, seconds; absent for stills
  std::string file{};                  ///< UTF-8; the input file as results name it (`source` is for display)
  std::optional<std::int64_t> page{};  ///< from 0; absent for a file that is one picture
  /// What the probe found; null for a file that is one picture, whose frame finds its own facts.
  std::shared_ptr<const InputInfo> input{};
  /// When the camera (or the pace) gave the frame; what latency is counted from. Absent where nothing is live.
  std::optional<std::chrono::steady_clock::time_point> captured{};
};

/// One picture of a run. Immutable, cheap to copy, and in one of three states:
///  - encoded: an open file that a worker will read (with pread only: a retry shares the offset) and decode;
///  - pixels: decoded, 8 bits a channel;
///  - unreadable: the source could not give it; error() says why. It becomes a `failed` result.
/// Threads: any number of threads may use copies of one Frame at the same time.
class Frame {
 public:
  Frame() = default;

  /// An encoded picture. `file` must be a regular file.
  static Frame from_file(FrameInfo info, std::shared_ptr<const OpenFile> file);

  /// Pixels that `owner` keeps alive (and that nobody writes any more). No copy is made.
  /// Throws Error (kUsage) where the view is empty, has other than 1 or 3 channels, or rows that overlap.
  static Frame from_pixels(FrameInfo info, const PixelView& pixels, std::shared_ptr<const void> owner);

  /// As above, over a copy of the pixels.
  static Frame copy_pixels(FrameInfo info, const PixelView& pixels);

  /// A frame that could not be had; `reason` says why.
  static Frame unreadable(FrameInfo info, std::string reason);

  const FrameInfo& info() const { return info_; }
  /// The encoded file, or null.
  const std::shared_ptr<const OpenFile>& file() const { return file_; }
  /// The pixels; empty() while the frame is encoded or unreadable. Valid as long as this Frame or a copy lives.
  const PixelView& pixels() const { return pixels_; }
  /// Who keeps the pixels alive.
  const std::shared_ptr<const void>& owner() const { return owner_; }
  /// Why the frame could not be had; empty otherwise.
  const std::string& error() const { return error_; }

 private:
  FrameInfo info_;
  std::shared_ptr<const OpenFile> file_;
  PixelView pixels_;
  std::shared_ptr<const void> owner_;
  std::string error_;
};

}  // namespace capillaryx
